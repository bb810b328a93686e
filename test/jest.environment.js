import { TestEnvironment } from 'jest-environment-node';

/**
 * Node, as Jest shows it to specs, but with the end of children: Jest gives specs a copy of `process`, to which no signal comes, and the
 * executor waits for what it has started by SIGCHLD.
 */
export default class SignalledEnvironment extends TestEnvironment {
  constructor(...args) {
    super(...args);
    this.passOn = () => this.global.process.emit('SIGCHLD', 'SIGCHLD');
    process.on('SIGCHLD', this.passOn);
  }

  async teardown() {
    process.off('SIGCHLD', this.passOn);
    await super.teardown();
  }
}
