import { Controller, Param, RequestMethod, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Raw, type RawBody } from '@warmbox/http';
import type { FastifyReply } from 'fastify';
import { ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { PortGateway } from './port.gateway.js';
import { PortRoute } from './port.route.js';
import { targetByPath, type PortName, type PortTarget } from './port.target.js';

@ApiTags('Ports')
@ApiSandboxPath()
@Controller('api/:runtime/:name/ports/:port')
export class PortsController {
  constructor(private readonly ports: PortGateway) {}

  /** HEAD as well. */
  @PortRoute(RequestMethod.GET, 'getFromPort', 'GET from a server in the sandbox, or open a WebSocket to it')
  get(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  @PortRoute(RequestMethod.POST, 'postToPort', 'POST to a server in the sandbox')
  post(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  @PortRoute(RequestMethod.PUT, 'putToPort', 'PUT to a server in the sandbox')
  put(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  @PortRoute(RequestMethod.PATCH, 'patchToPort', 'PATCH at a server in the sandbox')
  patch(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  @PortRoute(RequestMethod.DELETE, 'deleteFromPort', 'DELETE at a server in the sandbox')
  delete(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  @PortRoute(RequestMethod.OPTIONS, 'optionsOfPort', 'OPTIONS of a server in the sandbox')
  options(@Param() name: PortName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.relay(name, body, reply);
  }

  protected targetOf(name: PortName, { request }: FastifyReply): PortTarget {
    return targetByPath(name, request.url);
  }

  private async relay(name: PortName, body: RawBody | undefined, reply: FastifyReply): Promise<void> {
    const answer = await this.ports.relay(this.targetOf(name, reply), body, reply);
    if (answer !== 'spliced') sendAnswer(reply, answer);
  }
}
