import { commandViolation } from './execute.rule.js';

describe('commandViolation', () => {
  it.each([
    [{ command: 'true' }, undefined],
    [{ argv: ['true', ''] }, undefined],
    [{}, '/command'],
    [{ command: 'true', argv: ['true'] }, '/argv'],
    [{ argv: ['', 'true'] }, '/argv/0'],
  ])('of %j is at %s', (request, pointer) => {
    expect(commandViolation(request)?.pointer).toBe(pointer);
  });
});
