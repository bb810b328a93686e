import { Module } from '@nestjs/common';
import { SandboxLimit } from './sandbox.limit.js';
import { SandboxQuota } from './sandbox.quota.js';

/** The limit of sandboxes: this manager's count, and the ResourceQuota behind it. */
@Module({ providers: [SandboxLimit, SandboxQuota], exports: [SandboxLimit] })
export class LimitModule {}
