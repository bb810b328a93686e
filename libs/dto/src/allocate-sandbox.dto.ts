import { SandboxRequestDto, UserIdField } from './sandbox-request.dto.js';

/** For whom a warm sandbox is taken, and what is bound to it. */
export class AllocateSandboxDto extends SandboxRequestDto {
  @UserIdField({ required: true })
  userId!: string;
}
