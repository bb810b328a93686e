import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { GrantDto } from './grant.dto.js';
import { IsLabels } from './is.labels.js';

/** A change to a sandbox; lifetime and idle time-out begin anew. */
export class UpdateSandboxDto extends GrantDto {
  @ApiPropertyOptional({
    description:
      'Labels to set; one whose value is null is removed; the others stay. Reserved keys are those of creation.',
    type: 'object',
    additionalProperties: { type: ['string', 'null'], maxLength: 63 },
    maxProperties: 32,
    example: { team: 'search', draft: null },
  })
  @IsOptional()
  @IsLabels({ nullRemoves: true })
  labels?: Record<string, string | null>;
}
