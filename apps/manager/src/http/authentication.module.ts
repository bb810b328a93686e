import { Global, Module } from '@nestjs/common';
import { Authentication } from './authentication.js';

/** Who asks; for the guard of every request. */
@Global()
@Module({ providers: [Authentication], exports: [Authentication] })
export class AuthenticationModule {}
