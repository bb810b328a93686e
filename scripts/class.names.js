/**
 * A plugin of esbuild. It renames what it must, and with keepNames puts each name back when the function or class is made: those that
 * are made for each request cost a fifth of what a command costs, and 4 MiB. Only classes are known by their names, to Nest, to the
 * logs and to the document; so only theirs are put back. What is replaced keeps its length, so that source maps still fit.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** As esbuild writes it, for functions and classes alike; its own names give way to those of the bundle. */
const NAME_ALL = /__name=\((\w+),(\w+)\)=>__defProp\(\1,"name",\{(value|value:\2),configurable:!0\}\)/;
const NAME_NOTHING = '__name=target=>target';

/** To be declared in front of the bundle. */
export const NAME_CLASS = '__nAme=(target,value)=>Object.defineProperty(target,"name",{value,configurable:!0})';

export const nameClassesOnly = {
  name: 'name-classes-only',
  setup({ initialOptions, onEnd }) {
    onEnd(async ({ metafile }) => {
      for (const [path, { entryPoint }] of Object.entries(metafile?.outputs ?? {})) {
        if (entryPoint === undefined) continue;
        const file = join(initialOptions.absWorkingDir, path);
        const code = await readFile(file, 'utf8');
        // A bundle without a single named function has none of it.
        if (!code.includes('__name')) continue;
        if (!NAME_ALL.test(code)) throw new Error(`${path} names its functions in another way than it did.`);
        const classes = code.replaceAll('static{__name(this,', 'static{__nAme(this,');
        await writeFile(
          file,
          classes.replace(NAME_ALL, (all) => NAME_NOTHING.padEnd(all.length)),
        );
      }
    });
  },
};
