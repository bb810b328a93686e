import { shapeOf } from '@warmbox/http';
import { ExecutionEventsQueryDto } from '../execution/execution.query.dto.js';
import { DeleteSandboxesDto, ListSandboxesDto } from '../sandboxes/sandbox.query.dto.js';

describe('the queries of the manager', () => {
  it.each([ListSandboxesDto, DeleteSandboxesDto, ExecutionEventsQueryDto])(
    'have a bound for all that is in them: %p',
    (type) => {
      expect(shapeOf(type).size).toBeGreaterThan(1);
    },
  );
});
