import { Controller, Get, Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpAdapter } from '../http.adapter.js';
import { ProblemError } from '@warmbox/platform';
import { ProblemFilter } from '../problem/problem.filter.js';
import { applicationLogger } from './application.logger.js';
import { loggingModule } from './logging.module.js';

@Controller()
class ThingsController {
  private readonly logger = new Logger('Things');

  @Get('things')
  things(): object {
    this.logger.log({ thing: 1 }, 'a thing was asked for');
    return {};
  }

  @Get('broken')
  broken(): object {
    throw new Error('the inside is broken');
  }

  @Get('busy')
  busy(): object {
    throw new ProblemError('not_synced', 'Not yet.');
  }

  @Get('livez')
  live(): string {
    return 'ok';
  }
}

interface Line {
  level: number;
  msg: string;
  context?: string;
  requestId?: string;
  err?: { message: string };
  req?: object;
  res?: object;
}

let text = '';
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  const stream = { write: (line: string) => void (text += line) };
  const isSilent = (target: string): boolean => target === '/livez';
  @Module({
    imports: [loggingModule({ level: 'info', pretty: false, isSilent, stream })],
    controllers: [ThingsController],
  })
  class ThingsModule {}
  app = await NestFactory.create<NestFastifyApplication>(ThingsModule, new HttpAdapter(), {
    bodyParser: false,
    bufferLogs: true,
  });
  app.useLogger(applicationLogger(app));
  app.useGlobalFilters(new ProblemFilter());
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});

beforeEach(() => {
  expect(lines()).toEqual([]);
});

afterEach(() => {
  text = '';
});

afterAll(() => app.close());

function lines(): Line[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

async function ask(path: string): Promise<void> {
  const headers = { 'x-request-id': 'mine', authorization: 'Bearer s3cret', 'x-api-key': 's3cret' };
  await (await fetch(url + path, { headers })).text();
  // The line of a request is written when its connection is done with it, which is after the client has its answer.
  await fetch(`${url}/livez`).then((answer) => answer.text());
}

describe('the log of requests', () => {
  it('has a line per request and the request id in every line that it caused', async () => {
    await ask('/things?a=s3cret');
    expect(text).not.toContain('s3cret');
    expect(lines()).toMatchObject([
      { msg: 'a thing was asked for', context: 'Things', thing: 1, requestId: 'mine' },
      {
        msg: 'request completed',
        requestId: 'mine',
        req: { method: 'GET', url: '/things?a' },
        res: { statusCode: 200 },
      },
    ]);
  });

  it('has nothing of headers, where keys are', async () => {
    await ask('/things');
    expect(lines()).toHaveLength(2);
    expect(text).not.toContain('s3cret');
  });

  it('has what a fault was, once, and says nothing made up of answers that are meant', async () => {
    await ask('/broken');
    expect(lines()).toMatchObject([
      { level: 50, context: 'Problem', requestId: 'mine', err: { message: 'the inside is broken' } },
      { level: 50, msg: 'request errored', res: { statusCode: 500 } },
    ]);
    text = '';
    await ask('/busy');
    expect(lines()).toMatchObject([{ level: 30, res: { statusCode: 503 } }]);
    expect(lines()[0]).not.toHaveProperty('err');
  });

  it('has no line for probes', async () => {
    await ask('/livez');
    expect(lines()).toEqual([]);
  });
});
