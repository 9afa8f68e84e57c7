import { describe, expect, it } from "vitest";
import { platformOf } from "./platform.ts";

describe("platformOf", () => {
  it.each([
    ["Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36", "windows"],
    ["Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "firefox"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Safari/605.1", "macos"],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "ios"],
    ["Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile", "android"],
    ["Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "linux"],
  ])("%j: %s", (userAgent, platform) => {
    expect(platformOf(userAgent)).toBe(platform);
  });
});
