import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Files of a machine: text or bytes by path, `null` for a folder, `{ link }` for a symbolic link. */
export type Files = Readonly<Record<string, string | Uint8Array | null | { readonly link: string }>>;

/** Writes the files of a machine below `root`. */
export function writeFiles(root: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const target = join(root, path);
    mkdirSync(content === null ? target : dirname(target), { recursive: true });
    if (content === null) continue;
    if (typeof content === "string" || content instanceof Uint8Array) writeFileSync(target, content);
    else symlinkSync(content.link, target);
  }
}

function cpuInfo(cores: number, revision: string, serial: string, model: string): string {
  const processors = Array.from({ length: cores }, (_, core) => `processor\t: ${core}\nBogoMIPS\t: 108.00\n`);
  return `${processors.join("\n")}\nRevision\t: ${revision}\nSerial\t\t: ${serial}\nModel\t\t: ${model}\n`;
}

function memInfo(totalKibibytes: number, availableKibibytes: number): string {
  return [
    `MemTotal:       ${totalKibibytes} kB`,
    "MemFree:          123456 kB",
    `MemAvailable:   ${availableKibibytes} kB`,
    "",
  ].join("\n");
}

const netDev = (lines: readonly string[]) =>
  [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
    "    lo:  268415    1504    0    0    0     0          0         0   268415    1504    0    0    0     0       0          0",
    ...lines,
    "",
  ].join("\n");

const common: Files = {
  "proc/stat": "cpu  1000 10 500 8000 200 0 40 0 0 0\ncpu0 250 3 125 2000 50 0 10 0 0 0\nintr 1 2 3\n",
  "proc/loadavg": "0.52 0.58 0.59 1/597 12345\n",
  "proc/uptime": "35123.45 130000.00\n",
  "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\n',
};

/** A GPIO controller in both of the places where the kernel shows it. */
function gpioChip(device: string, chip: number, base: number, label: string, lines: number): Files {
  return {
    [`sys/devices/${device}/gpiochip${chip}/dev`]: `254:${chip}\n`,
    [`sys/bus/gpio/devices/gpiochip${chip}`]: { link: `../../../devices/${device}/gpiochip${chip}` },
    [`sys/devices/${device}/gpio/gpiochip${base}/label`]: `${label}\n`,
    [`sys/devices/${device}/gpio/gpiochip${base}/ngpio`]: `${lines}\n`,
    [`sys/devices/${device}/gpio/gpiochip${base}/device`]: {
      link: "../../../".concat(device.split("/").at(-1) ?? ""),
    },
    [`sys/class/gpio/gpiochip${base}`]: { link: `../../devices/${device}/gpio/gpiochip${base}` },
  };
}

/** Raspberry Pi OS on a Pi 5 with 8 GB that boots from NVMe and has a card in its slot. */
export const pi5: Files = {
  ...common,
  "proc/device-tree/model": "Raspberry Pi 5 Model B Rev 1.0\0",
  "proc/device-tree/system/linux,revision": Buffer.from("00d04170", "hex"),
  "proc/device-tree/serial-number": "5f1e0c2d3b4a5968\0",
  "proc/cpuinfo": cpuInfo(4, "d04170", "5f1e0c2d3b4a5968", "Raspberry Pi 5 Model B Rev 1.0"),
  "proc/meminfo": memInfo(8_257_568, 7_000_000),
  "proc/sys/kernel/osrelease": "6.12.47+rpt-rpi-2712\n",
  "proc/sys/kernel/hostname": "pi-five\n",
  "proc/self/mountinfo": [
    "23 28 0:21 / /proc rw,relatime shared:12 - proc proc rw",
    "28 1 259:2 / / rw,noatime shared:1 - ext4 /dev/nvme0n1p2 rw",
  ].join("\n"),
  "proc/net/dev": netDev([
    "  eth0: 529360129   13914    0    0    0     0          0         0   889156    8961    0    0    0     0       0          0",
    " wlan0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0",
    "docker0: 99999999999  10    0    0    0     0          0         0   111111111  10    0    0    0     0       0          0",
  ]),
  "sys/class/net/eth0/device/uevent": "DRIVER=macb\n",
  "sys/class/net/wlan0/device/uevent": "DRIVER=brcmfmac\n",
  "sys/class/net/docker0/address": "02:42:00:00:00:01\n",
  ...gpioChip("platform/1f000d0000.gpio", 0, 571, "pinctrl-rp1", 54),
  ...gpioChip("platform/107d508500.gpio", 10, 512, "gpio-brcmstb@107d508500", 32),
  ...gpioChip("platform/107d508500.gpio", 11, 544, "gpio-brcmstb@107d508500", 4),
  "dev/i2c-1": "",
  "dev/i2c-13": "",
  "dev/i2c-14": "",
  "dev/spidev0.0": "",
  "dev/spidev10.0": "",
  "dev/vcio": "",
  "sys/class/pwm/pwmchip0/npwm": "4\n",
  "sys/block/mmcblk0/size": "124735488\n",
  "sys/block/mmcblk0/device/type": "SD\n",
  "sys/block/mmcblk0/mmcblk0p1/partition": "1\n",
  "sys/block/nvme0n1/size": "500118192\n",
  "sys/block/nvme0n1/nvme0n1p2/partition": "2\n",
  "sys/block/loop0/size": "0\n",
  "sys/block/zram0/size": "4194304\n",
  "sys/class/thermal/cooling_device0/type": "pwm-fan\n",
  "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
  "sys/class/thermal/thermal_zone0/temp": "48350\n",
  "sys/bus/platform/drivers/raspberrypi-firmware/soc@107c000000:firmware/get_throttled": "0\n",
};

/** Raspberry Pi OS on a Pi 4 with 4 GB, hot and on a weak supply, with a USB disk. */
export const pi4: Files = {
  ...common,
  "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
  "proc/cpuinfo": cpuInfo(4, "c03114", "100000003a4b5c6d", "Raspberry Pi 4 Model B Rev 1.4"),
  "proc/meminfo": memInfo(3_884_360, 3_100_000),
  "proc/sys/kernel/osrelease": "6.6.51+rpt-rpi-v8\n",
  "proc/sys/kernel/hostname": "pi-four\n",
  "proc/self/mountinfo": "28 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n",
  "sys/dev/block/179:2/uevent": "MAJOR=179\nMINOR=2\nDEVNAME=mmcblk0p2\nDEVTYPE=partition\n",
  "proc/net/dev": netDev([
    "  eth0: 1000    10    0    0    0     0          0         0   2000    10    0    0    0     0       0          0",
  ]),
  ...gpioChip("platform/soc/fe200000.gpio", 0, 512, "pinctrl-bcm2711", 58),
  ...gpioChip("platform/soc/soc:firmware/soc:firmware:gpio", 1, 570, "raspberrypi-exp-gpio", 8),
  "dev/i2c-1": "",
  "dev/i2c-20": "",
  "dev/i2c-21": "",
  "dev/spidev0.0": "",
  "dev/spidev0.1": "",
  "sys/block/mmcblk0/size": "62333952\n",
  "sys/block/mmcblk0/device/type": "SD\n",
  "sys/block/mmcblk0/mmcblk0p2/partition": "2\n",
  "sys/devices/platform/scb/fd500000.pcie/usb2/2-1/block/sda/size": "976773168\n",
  "sys/devices/platform/scb/fd500000.pcie/usb2/2-1/block/sda/queue/rotational": "1\n",
  "sys/block/sda": { link: "../devices/platform/scb/fd500000.pcie/usb2/2-1/block/sda" },
  "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
  "sys/class/thermal/thermal_zone0/temp": "85200\n",
  "sys/bus/platform/drivers/raspberrypi-firmware/soc:firmware/get_throttled": "50005\n",
};

/** A Zero 2 W under a distribution's own kernel: no GPIO in sysfs's old form, no throttling flags. */
export const piZero2W: Files = {
  ...common,
  "proc/device-tree/model": "Raspberry Pi Zero 2 W Rev 1.0\0",
  "proc/device-tree/system/linux,revision": Buffer.from("00902120", "hex"),
  "proc/cpuinfo": "processor\t: 0\n\nprocessor\t: 1\n\nprocessor\t: 2\n\nprocessor\t: 3\n",
  "proc/meminfo": memInfo(434_256, 250_000),
  "proc/sys/kernel/osrelease": "6.12.43+deb13-arm64\n",
  "proc/sys/kernel/hostname": "pi-zero\n",
  "proc/self/mountinfo": "28 1 179:2 / / rw shared:1 - ext4 /dev/mmcblk0p2 rw\n",
  "proc/net/dev": netDev([
    " wlan0: 5000    10    0    0    0     0          0         0   6000    10    0    0    0     0       0          0",
  ]),
  "sys/class/net/wlan0/device/uevent": "DRIVER=brcmfmac\n",
  "sys/devices/platform/soc/3f200000.gpio/gpiochip0/of_node/compatible": "brcm,bcm2835-gpio\0",
  "sys/bus/gpio/devices/gpiochip0": { link: "../../../devices/platform/soc/3f200000.gpio/gpiochip0" },
  "sys/devices/platform/soc/expander/gpiochip1/dev": "254:1\n",
  "sys/bus/gpio/devices/gpiochip1": { link: "../../../devices/platform/soc/expander/gpiochip1" },
  "sys/block/mmcblk0/size": "31116288\n",
  "sys/block/mmcblk0/device/type": "SD\n",
  "sys/block/mmcblk0/mmcblk0p2/partition": "2\n",
  "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
  "sys/class/hwmon/hwmon0/temp1_input": "39166\n",
};
