// SPDX-License-Identifier: GPL-2.0
/*
 * A PWM chip without hardware. The kernel's sysfs interface and its checks are the real ones; where a chip would
 * set its registers, this remembers what it was told, and shows it in /sys/devices/platform/NAME/channels:
 * a line for each channel with period and duty cycle in ns, polarity, enabled, and how often it was told.
 *
 * Kernel parameters: pwm_mock.name (of the device; as on a Pi 4 by itself), pwm_mock.channels.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/moduleparam.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>
#include <linux/sysfs.h>

#define MOST_CHANNELS 8

static char *name = "fe20c000.pwm";
module_param(name, charp, 0444);
static unsigned int channels = 2;
module_param(channels, uint, 0444);

struct told {
	struct pwm_state state;
	unsigned int times;
};
static struct told told[MOST_CHANNELS];

static int mock_apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	told[pwm->hwpwm].state = *state;
	told[pwm->hwpwm].times++;
	return 0;
}

static const struct pwm_ops mock_ops = { .apply = mock_apply };

static ssize_t channels_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	unsigned int i;
	int at = 0;

	for (i = 0; i < channels; i++) {
		const struct pwm_state *state = &told[i].state;

		at += sysfs_emit_at(buf, at, "%llu %llu %s %d %u\n", state->period, state->duty_cycle,
				    state->polarity == PWM_POLARITY_INVERSED ? "inversed" : "normal",
				    state->enabled, told[i].times);
	}
	return at;
}
static DEVICE_ATTR_RO(channels);

static int __init mock_init(void)
{
	struct platform_device *device;
	struct pwm_chip *chip;

	if (channels > MOST_CHANNELS)
		return -EINVAL;
	device = platform_device_register_simple(name, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	chip = pwmchip_alloc(&device->dev, channels, 0);
	if (IS_ERR(chip))
		return PTR_ERR(chip);
	chip->ops = &mock_ops;
	return device_create_file(&device->dev, &dev_attr_channels) ?: pwmchip_add(chip);
}
late_initcall(mock_init);
