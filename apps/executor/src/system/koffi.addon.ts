import { createRequire } from 'node:module';
import type koffi from 'koffi';

/** What calls functions of the system's libraries. Only what is used of it is named. */
export type Koffi = Pick<typeof koffi, 'address' | 'config' | 'errno' | 'load' | 'version'>;

const require = createRequire(import.meta.url);

/**
 * Loads the addon: from beside the bundle, where scripts/build.js puts one for each platform that an image is made for, or from
 * its package. Koffi's own loader is not used: it looks in folders above the bundle, and into the program's file.
 *
 * @throws where there is none for this platform, or it cannot be loaded (another C library).
 */
export function loadKoffi(platform: string = process.platform, arch: string = process.arch): Koffi {
  const name = `koffi-${platform}-${arch}`;
  let refusal: Error | undefined;
  for (const path of [`./${name}.node`, `@koromix/${name}`]) {
    try {
      return require(path) as Koffi;
    } catch (error) {
      // A module that is there and cannot be loaded says more than one that is not.
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') refusal ??= error as Error;
    }
  }
  throw refusal ?? new Error(`There is no addon for ${platform} on ${arch}.`);
}
