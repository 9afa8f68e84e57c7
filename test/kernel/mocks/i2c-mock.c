// SPDX-License-Identifier: GPL-2.0
/*
 * An I2C bus /dev/i2c-1 with a memory of 256 bytes at address 0x50, for what the kernel's own i2c-stub cannot do:
 * plain reads and writes, and several messages in one transfer. As with a small EEPROM, the first byte of a write
 * says where to go on. Nothing answers at other addresses.
 */
#include <linux/err.h>
#include <linux/i2c.h>
#include <linux/init.h>
#include <linux/platform_device.h>

#define ADDRESS 0x50

static u8 memory[256];
/* Wraps at the end of the memory, since it has as many bits. */
static u8 position;

static int mock_transfer(struct i2c_adapter *adapter, struct i2c_msg *messages, int count)
{
	int i, at;

	for (i = 0; i < count; i++) {
		struct i2c_msg *message = &messages[i];

		if (message->addr != ADDRESS)
			return -ENXIO;
		for (at = 0; at < message->len; at++) {
			if (message->flags & I2C_M_RD)
				message->buf[at] = memory[position++];
			else if (at == 0)
				position = message->buf[0];
			else
				memory[position++] = message->buf[at];
		}
	}
	return count;
}

static u32 mock_functionality(struct i2c_adapter *adapter)
{
	return I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
}

static const struct i2c_algorithm mock_algorithm = {
	.master_xfer = mock_transfer,
	.functionality = mock_functionality,
};

static struct i2c_adapter mock_adapter = {
	.name = "i2c-mock",
	.algo = &mock_algorithm,
	.nr = 1,
};

static int __init mock_init(void)
{
	struct platform_device *device;

	device = platform_device_register_simple("i2c-mock", PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	mock_adapter.dev.parent = &device->dev;
	return i2c_add_numbered_adapter(&mock_adapter);
}
late_initcall(mock_init);
