import { applyDecorators } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

/** What every route of a runtime has in its path. */
export const ApiRuntime = (): ClassDecorator & MethodDecorator =>
  ApiParam({ name: 'runtime', description: 'A configured runtime; `kata` always exists.', example: 'kata' });

/** What a route of one sandbox has in its path after the runtime. */
export const ApiSandboxName = (): ClassDecorator & MethodDecorator =>
  ApiParam({ name: 'name', description: 'The name of the sandbox.', example: 'kata-sandbox-7g4kx2p9mz' });

/** What every route below a sandbox has in its path. */
export const ApiSandboxPath = (): ClassDecorator & MethodDecorator => applyDecorators(ApiRuntime(), ApiSandboxName());
