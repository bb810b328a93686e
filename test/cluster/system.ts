import type { CreateSandboxDto, ExecuteDto, ExecuteResultDto } from '@warmbox/dto';
import { WarmboxClient } from '@warmbox/testing/harness';

/** A client of the managers in the cluster, through their Service; scripts/test.cluster.sh says where that is. */
export function clusterClient(): WarmboxClient {
  const { E2E_URLS: urls = '', E2E_API_KEY: apiKey = '' } = process.env;
  const [url = ''] = urls.split(',');
  if (url === '' || apiKey === '') {
    throw new Error('E2E_URLS and E2E_API_KEY must say where Warmbox runs: use npm run test:cluster.');
  }
  return new WarmboxClient(url, apiKey);
}

/** One sandbox for every case of a suite: created before the first, deleted after the last. */
export class SuiteSandbox {
  readonly client: WarmboxClient;
  private name = '';

  constructor(runtime = 'kata', request: CreateSandboxDto = {}) {
    this.client = clusterClient().of(runtime);
    beforeAll(async () => {
      ({ name: this.name } = await this.client.create(request));
    });
    afterAll(() => this.client.delete(this.name));
  }

  execute(request: ExecuteDto): Promise<ExecuteResultDto> {
    return this.client.execute(this.name, request);
  }
}
