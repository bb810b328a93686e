import { TestEnvironment } from 'jest-environment-node';
import { keepCompiledModules } from './compiled.modules.js';

keepCompiledModules();

const SIGNALS = ['SIGCHLD', 'SIGIO'];

/**
 * Node, as Jest shows it to specs, but with two signals: Jest gives specs a copy of `process`, to which none comes, and the executor hears
 * by SIGCHLD of the end of what it has started, and by SIGIO of files.
 */
export default class SignalledEnvironment extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.passOn = (name) => this.global.process.emit(name, name);
    for (const name of SIGNALS) process.on(name, this.passOn);
  }

  async teardown() {
    for (const name of SIGNALS) process.off(name, this.passOn);
    await super.teardown();
  }
}
