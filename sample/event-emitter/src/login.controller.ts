import { Controller, Post } from '@nestjs/common';
import { LimeSiteService, type LoginRequestResult } from 'nestjs-lime-sites';

@Controller('login')
export class LoginController {
  constructor(private readonly site: LimeSiteService) {}

  @Post()
  start(): Promise<LoginRequestResult> {
    return this.site.createLoginRequest();
  }
}
