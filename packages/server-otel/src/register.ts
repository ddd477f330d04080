import { configDirectoryOf } from './configuration/config-directory.ts';
import { startServerTelemetry } from './start.ts';

// For `node --import @hatchet-ts/server-otel/register`: telemetry as the environment says, before anything else loads.
startServerTelemetry({ configDirectory: configDirectoryOf() });
