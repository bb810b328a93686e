import { Controller } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { PORT_HOSTS_ROUTE } from '../http/port.hosts.js';
import { targetByHost, type PortName, type PortTarget } from './port.target.js';
import { PortsController } from './ports.controller.js';

/** The same routes for requests whose host says which port of which sandbox they are for: all of their path is the server's. */
@ApiExcludeController()
@Controller(PORT_HOSTS_ROUTE)
export class PortHostsController extends PortsController {
  protected override targetOf(_name: PortName, { request }: FastifyReply): PortTarget {
    return targetByHost(request);
  }
}
