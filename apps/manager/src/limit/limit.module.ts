import { Module } from '@nestjs/common';
import { QuotaKeeper } from './quota.keeper.js';
import { SandboxLimit } from './sandbox.limit.js';
import { SandboxQuota } from './sandbox.quota.js';

/** The limit of sandboxes: this manager's count, and the ResourceQuota behind it. */
@Module({ providers: [QuotaKeeper, SandboxLimit, SandboxQuota], exports: [SandboxLimit] })
export class LimitModule {}
