import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_MAX_LENGTH, RouteSettings } from '@warmbox/http';

const OF_SANDBOXES =
  'A string of your own, new for each sandbox that is wanted: however often the request is sent with it, through any manager, it has one sandbox, and every answer is that one. A retry waits for a first request that is still running. With another body it is 422 `idempotency_key_reused`; where the sandbox is gone meanwhile, 410 `sandbox_gone`. A request that was refused can be sent again. Remembered for 24 hours.';

/** The route takes the header; any other refuses it. `description` says what a retry has. */
export function ApiIdempotencyKey(description = OF_SANDBOXES): MethodDecorator {
  const header = ApiHeader({
    name: IDEMPOTENCY_KEY,
    required: false,
    description,
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: IDEMPOTENCY_KEY_MAX_LENGTH,
      pattern: '^[!-~]([ -~]*[!-~])?$',
      example: '3e1c3a4e-6a3b-4b0e-9d5f-2f1f0a8a7c11',
    },
  });
  return applyDecorators(RouteSettings({ takesIdempotencyKey: true }), header);
}
