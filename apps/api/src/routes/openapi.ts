import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { component } from '../routing/components.ts';
import { openApiDocument } from '../routing/openapi.ts';
import { type Route, route } from '../routing/route.ts';

const DOCUMENT = component('OpenApiDocument', z.record(z.string(), z.unknown()));

/** The document that describes all routes, this one among them. */
export function openApiRoute(tenantRoutes: readonly Route[], openRoutes: readonly Route[]): Route {
  let document: z.output<typeof DOCUMENT> = {};
  const self = route({
    id: 'openApiGet',
    method: 'get',
    path: '/api/v1/openapi.json',
    summary: 'This document',
    answer: DOCUMENT,
    handle: () => document,
  });
  document = { ...openApiDocument(tenantRoutes, [...openRoutes, self], manifest.version) };
  return self;
}
