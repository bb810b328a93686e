import { KubeApiError, KubeCredentialsError, KubeUnreachableError } from './kube.error.js';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });

describe('KubeUnreachableError', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ])('knows that nothing was sent after %s', (code) => {
    expect(new KubeUnreachableError('POST /x', withCode(code)).mayHaveHappened).toBe(false);
  });

  it.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ABORT_ERR'])(
    'leaves it open after %s',
    (code) => {
      expect(new KubeUnreachableError('POST /x', withCode(code)).mayHaveHappened).toBe(true);
    },
  );

  it('leaves it open after what has no code, and is no error', () => {
    expect(new KubeUnreachableError('POST /x', new Error('x')).mayHaveHappened).toBe(true);
    expect(new KubeUnreachableError('POST /x', 'x').message).toBe('POST /x: x');
  });

  it('says what failed where the cause has no words of its own', () => {
    const cause = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    expect(new KubeUnreachableError('GET /x', cause).message).toBe('GET /x: ECONNREFUSED');
  });

  it('knows that nothing was sent without credentials', () => {
    const cause = new KubeCredentialsError(new Error('no such file'));
    expect(new KubeUnreachableError('POST /x', cause).mayHaveHappened).toBe(false);
  });
});

describe('KubeApiError', () => {
  it('has fields only where a field is at fault', () => {
    const failedTest = new KubeApiError(
      422,
      { reason: 'Invalid', details: { causes: [{ message: 'test failed' }] } },
      'x',
    );
    expect(failedTest.fields).toEqual([]);
    const badField = new KubeApiError(422, { details: { causes: [{ field: 'spec.x' }, { field: '' }] } }, 'x');
    expect(badField.fields).toEqual(['spec.x']);
  });
});
