import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { ResourcesDto } from './resources.dto.js';
import { SandboxRequestDto, UserIdField } from './sandbox-request.dto.js';

/** What a new sandbox shall be; everything is optional. */
export class CreateSandboxDto extends SandboxRequestDto {
  @ApiPropertyOptional({ description: 'Requests and limits of memory and CPU.', type: ResourcesDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ResourcesDto)
  resources?: ResourcesDto;

  @ApiPropertyOptional({
    description:
      'Whether the answer waits until commands can run in the sandbox. With false it ends once the pod exists.',
    default: true,
    example: true,
  })
  @IsOptional()
  @IsBoolean()
  waitForReady?: boolean;

  @UserIdField({ required: false })
  userId?: string;
}
