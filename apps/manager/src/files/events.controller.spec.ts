import { NAME } from '../executors/fixtures/executor.cluster.js';
import { answerOf, RelayScene, textOf } from '../executors/fixtures/relay.scene.js';
import { EventsController } from './events.controller.js';
import { FileGateway } from './file.gateway.js';

describe('the events of a folder, through the manager', () => {
  let scene: RelayScene;

  beforeEach(async () => {
    scene = await RelayScene.start({
      base: `/api/kata/${NAME}/files/events`,
      controllers: [EventsController],
      provide: ({ cluster, relay, stamper }) => ({
        provide: FileGateway,
        useValue: new FileGateway(cluster, relay, stamper),
      }),
    });
  });
  afterEach(() => scene.stop());

  it.each([
    [undefined, 'text/event-stream'],
    ['*/*', 'text/event-stream'],
    ['text/event-stream;q=0.5, application/x-ndjson', 'application/x-ndjson'],
  ])('come in the form that Accept asks for: %s', async (accept, media) => {
    // As the executor does.
    scene.executor.on('GET events', ({ headers, response }) =>
      response.writeHead(200, { 'content-type': `${headers.accept ?? 'text/event-stream'}; charset=utf-8` }).end('it'),
    );
    const answer = await answerOf(scene.begin('GET', '?path=src', accept === undefined ? {} : { accept }).end());
    expect([answer.statusCode, answer.headers['content-type'], await textOf(answer)]).toEqual([
      200,
      `${media}; charset=utf-8`,
      'it',
    ]);
  });

  it('come in no other form', async () => {
    const answer = await answerOf(scene.begin('GET', '', { accept: 'application/json' }).end());
    expect(answer.statusCode).toBe(406);
    expect(scene.executor.asked).toEqual([]);
  });
});
