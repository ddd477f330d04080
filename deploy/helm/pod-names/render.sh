#!/bin/sh
# Post-renderer for Helm: reads manifests and writes them with the patch of this folder.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$(dirname "$0")"/*.yaml "$folder"
cat >"$folder/rendered.yaml"
kubectl kustomize "$folder"
