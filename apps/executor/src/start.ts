/**
 * What Node runs: the bundle beside it, from its compiled form where that fits (scripts/compile.mjs). To compile it anew is half of the
 * executor's start. V8 takes the compiled form of the same text, by the same version of itself with the same flags, and else compiles.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';

type Bundle = (...module: [NodeJS.Module['exports'], NodeJS.Require, NodeJS.Module, string, string]) => void;

/** @returns undefined where it was not compiled for this processor. */
function compiledForm(): Buffer | undefined {
  try {
    return readFileSync(join(__dirname, `executor.${process.arch}.compiled`));
  } catch {
    return undefined;
  }
}

const filename = join(__dirname, 'executor.js');
const script = new Script(readFileSync(filename, 'utf8'), { filename, cachedData: compiledForm() });
(script.runInThisContext() as Bundle)(module.exports, require, module, filename, __dirname);
