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
