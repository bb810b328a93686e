import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsObject, IsOptional, Max, Min, ValidateNested } from 'class-validator';

/** An amount of memory and of CPU time. */
export class ResourceAmountsDto {
  @ApiPropertyOptional({
    description: 'Memory in mebibytes.',
    type: 'integer',
    minimum: 16,
    maximum: 1_048_576,
    example: 256,
  })
  @IsOptional()
  @IsInt()
  @Min(16)
  @Max(1_048_576)
  memoryMi?: number;

  @ApiPropertyOptional({
    description: 'CPU in thousandths of a core.',
    type: 'integer',
    minimum: 1,
    maximum: 1_000_000,
    example: 500,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  cpuMillicores?: number;
}

/** What a sandbox asks for and may use; what is left out takes the configured default. */
export class ResourcesDto {
  @ApiPropertyOptional({ description: 'What the scheduler reserves; not above the limits.', type: ResourceAmountsDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ResourceAmountsDto)
  requests?: ResourceAmountsDto;

  @ApiPropertyOptional({
    description: 'What the sandbox may use at most; not above the configured maximum.',
    type: ResourceAmountsDto,
  })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ResourceAmountsDto)
  limits?: ResourceAmountsDto;
}
