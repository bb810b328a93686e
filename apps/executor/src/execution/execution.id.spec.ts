import { newExecutionId } from './execution.id.js';

describe('newExecutionId', () => {
  it('has 16 characters of 5 random bits each', () => {
    expect(newExecutionId(() => Uint8Array.from({ length: 16 }, (_, index) => index * 33))).toBe('0123456789abcdef');
    expect(newExecutionId()).toMatch(/^[0-9abcdefghjkmnpqrstvwxyz]{16}$/);
    expect(new Set(Array.from({ length: 1000 }, () => newExecutionId())).size).toBe(1000);
  });
});
