import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { targetByPath, type PortName, type PortTarget } from './port.target.js';
import { PortsController } from './ports.controller.js';

/**
 * The same routes for servers that know what stands before their paths, as a dev server with a base: nothing is taken away. In the document
 * they are part of what is said of the others.
 */
@ApiExcludeController()
@Controller('api/:runtime/:name/absolute-ports/:port')
export class AbsolutePortsController extends PortsController {
  protected override targetOf(name: PortName, { request: { url } }: FastifyReply): PortTarget {
    return { ...targetByPath(name, url), prefix: '', rest: url };
  }
}
