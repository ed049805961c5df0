import { Module } from '@nestjs/common';
import { BindingModule } from '../binding/binding.module.js';
import { AccountController } from './account.controller.js';

@Module({ imports: [BindingModule], controllers: [AccountController] })
export class AccountModule {}
