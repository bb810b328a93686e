import { BadRequestException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { toProblem } from '@warmbox/platform';

describe("Nest's exceptions as problems", () => {
  it.each([
    [new BadRequestException('bad'), 'invalid_request'],
    [new NotFoundException('Cannot GET /x'), 'route_not_found'],
    [new ServiceUnavailableException('later'), 'shutting_down'],
  ])('are of the code of their status: %s', (thrown, code) => {
    expect(toProblem(thrown)).toMatchObject({ code, detail: thrown.message });
  });
});
