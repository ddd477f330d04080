import { configDirectoryOf } from './configuration/configuration-file.ts';
import { startServerTelemetry } from './start.ts';

// For `node --import @hatchet-ts/server-otel/register`: starts telemetry before any other module loads.
startServerTelemetry({ configDirectory: configDirectoryOf() });
