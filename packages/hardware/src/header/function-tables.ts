import type { PinFunction } from "./header.ts";

/**
 * What the pins of each chip can carry instead of GPIO, one line a pin, one column a function select; `-` for nothing
 * or for what the datasheet keeps to itself. Names are those of the datasheet, for the RP1 those of Raspberry Pi's
 * program `pinctrl`, which writes an index without brackets.
 */
interface FunctionTable {
  readonly columns: readonly string[];
  readonly rows: string;
}

/**
 * Source: BCM2835 ARM Peripherals, section 6.2 "Alternative Function Assignments"; for alt2, which that leaves out,
 * Raspberry Pi documentation, "Using a DPI display".
 */
export const bcm2835Functions: FunctionTable = {
  columns: ["alt0", "alt1", "alt2", "alt3", "alt4", "alt5"],
  rows: `
    SDA0        SA5          DPI_PCLK   -               -           -
    SCL0        SA4          DPI_DE     -               -           -
    SDA1        SA3          DPI_VSYNC  -               -           -
    SCL1        SA2          DPI_HSYNC  -               -           -
    GPCLK0      SA1          DPI_D0     -               -           ARM_TDI
    GPCLK1      SA0          DPI_D1     -               -           ARM_TDO
    GPCLK2      SOE_N        DPI_D2     -               -           ARM_RTCK
    SPI0_CE1_N  SWE_N        DPI_D3     -               -           -
    SPI0_CE0_N  SD0          DPI_D4     -               -           -
    SPI0_MISO   SD1          DPI_D5     -               -           -
    SPI0_MOSI   SD2          DPI_D6     -               -           -
    SPI0_SCLK   SD3          DPI_D7     -               -           -
    PWM0        SD4          DPI_D8     -               -           ARM_TMS
    PWM1        SD5          DPI_D9     -               -           ARM_TCK
    TXD0        SD6          DPI_D10    -               -           TXD1
    RXD0        SD7          DPI_D11    -               -           RXD1
    -           SD8          DPI_D12    CTS0            SPI1_CE2_N  CTS1
    -           SD9          DPI_D13    RTS0            SPI1_CE1_N  RTS1
    PCM_CLK     SD10         DPI_D14    BSCSL_SDA_MOSI  SPI1_CE0_N  PWM0
    PCM_FS      SD11         DPI_D15    BSCSL_SCL_SCLK  SPI1_MISO   PWM1
    PCM_DIN     SD12         DPI_D16    BSCSL_MISO      SPI1_MOSI   GPCLK0
    PCM_DOUT    SD13         DPI_D17    BSCSL_CE_N      SPI1_SCLK   GPCLK1
    -           SD14         DPI_D18    SD1_CLK         ARM_TRST    -
    -           SD15         DPI_D19    SD1_CMD         ARM_RTCK    -
    -           SD16         DPI_D20    SD1_DAT0        ARM_TDO     -
    -           SD17         DPI_D21    SD1_DAT1        ARM_TCK     -
    -           -            DPI_D22    SD1_DAT2        ARM_TDI     -
    -           -            DPI_D23    SD1_DAT3        ARM_TMS     -`,
};

/** Source: BCM2711 ARM Peripherals, section 5.3 "Alternative Function Assignments"; alt2 as above. */
export const bcm2711Functions: FunctionTable = {
  columns: ["alt0", "alt1", "alt2", "alt3", "alt4", "alt5"],
  rows: `
    SDA0        SA5    DPI_PCLK   SPI3_CE0_N      TXD2        SDA6
    SCL0        SA4    DPI_DE     SPI3_MISO       RXD2        SCL6
    SDA1        SA3    DPI_VSYNC  SPI3_MOSI       CTS2        SDA3
    SCL1        SA2    DPI_HSYNC  SPI3_SCLK       RTS2        SCL3
    GPCLK0      SA1    DPI_D0     SPI4_CE0_N      TXD3        SDA3
    GPCLK1      SA0    DPI_D1     SPI4_MISO       RXD3        SCL3
    GPCLK2      SOE_N  DPI_D2     SPI4_MOSI       CTS3        SDA4
    SPI0_CE1_N  SWE_N  DPI_D3     SPI4_SCLK       RTS3        SCL4
    SPI0_CE0_N  SD0    DPI_D4     BSCSL_CE_N      TXD4        SDA4
    SPI0_MISO   SD1    DPI_D5     BSCSL_MISO      RXD4        SCL4
    SPI0_MOSI   SD2    DPI_D6     BSCSL_SDA_MOSI  CTS4        SDA5
    SPI0_SCLK   SD3    DPI_D7     BSCSL_SCL_SCLK  RTS4        SCL5
    PWM0_0      SD4    DPI_D8     SPI5_CE0_N      TXD5        SDA5
    PWM0_1      SD5    DPI_D9     SPI5_MISO       RXD5        SCL5
    TXD0        SD6    DPI_D10    SPI5_MOSI       CTS5        TXD1
    RXD0        SD7    DPI_D11    SPI5_SCLK       RTS5        RXD1
    -           SD8    DPI_D12    CTS0            SPI1_CE2_N  CTS1
    -           SD9    DPI_D13    RTS0            SPI1_CE1_N  RTS1
    PCM_CLK     SD10   DPI_D14    SPI6_CE0_N      SPI1_CE0_N  PWM0_0
    PCM_FS      SD11   DPI_D15    SPI6_MISO       SPI1_MISO   PWM0_1
    PCM_DIN     SD12   DPI_D16    SPI6_MOSI       SPI1_MOSI   GPCLK0
    PCM_DOUT    SD13   DPI_D17    SPI6_SCLK       SPI1_SCLK   GPCLK1
    SD0_CLK     SD14   DPI_D18    SD1_CLK         ARM_TRST    SDA6
    SD0_CMD     SD15   DPI_D19    SD1_CMD         ARM_RTCK    SCL6
    SD0_DAT0    SD16   DPI_D20    SD1_DAT0        ARM_TDO     SPI3_CE1_N
    SD0_DAT1    SD17   DPI_D21    SD1_DAT1        ARM_TCK     SPI4_CE1_N
    SD0_DAT2    -      DPI_D22    SD1_DAT2        ARM_TDI     SPI5_CE1_N
    SD0_DAT3    -      DPI_D23    SD1_DAT3        ARM_TMS     SPI6_CE1_N`,
};

/**
 * Source: RP1 Peripherals, section 3.1.1 "Function select". Functions 5 (GPIO itself), 6 and 7 are the same at each
 * pin and left out.
 */
export const rp1Functions: FunctionTable = {
  columns: ["a0", "a1", "a2", "a3", "a4", "a8"],
  rows: `
    SPI0_SIO3   DPI_PCLK   TXD1         SDA0        -           SPI2_CE0
    SPI0_SIO2   DPI_DE     RXD1         SCL0        -           SPI2_SIO1
    SPI0_CE3    DPI_VSYNC  CTS1         SDA1        IR_RX0      SPI2_SIO0
    SPI0_CE2    DPI_HSYNC  RTS1         SCL1        IR_TX0      SPI2_SCLK
    GPCLK0      DPI_D0     TXD2         SDA2        RI0         SPI3_CE0
    GPCLK1      DPI_D1     RXD2         SCL2        DTR0        SPI3_SIO1
    GPCLK2      DPI_D2     CTS2         SDA3        DCD0        SPI3_SIO0
    SPI0_CE1    DPI_D3     RTS2         SCL3        DSR0        SPI3_SCLK
    SPI0_CE0    DPI_D4     TXD3         SDA0        -           SPI4_CE0
    SPI0_MISO   DPI_D5     RXD3         SCL0        -           SPI4_SIO0
    SPI0_MOSI   DPI_D6     CTS3         SDA1        -           SPI4_SIO1
    SPI0_SCLK   DPI_D7     RTS3         SCL1        -           SPI4_SCLK
    PWM0_CHAN0  DPI_D8     TXD4         SDA2        AAUD_LEFT   SPI5_CE0
    PWM0_CHAN1  DPI_D9     RXD4         SCL2        AAUD_RIGHT  SPI5_SIO1
    PWM0_CHAN2  DPI_D10    CTS4         SDA3        TXD0        SPI5_SIO0
    PWM0_CHAN3  DPI_D11    RTS4         SCL3        RXD0        SPI5_SCLK
    SPI1_CE2    DPI_D12    DSI0_TE_EXT  -           CTS0        -
    SPI1_CE1    DPI_D13    DSI1_TE_EXT  -           RTS0        -
    SPI1_CE0    DPI_D14    I2S0_SCLK    PWM0_CHAN2  I2S1_SCLK   GPCLK1
    SPI1_MISO   DPI_D15    I2S0_WS      PWM0_CHAN3  I2S1_WS     -
    SPI1_MOSI   DPI_D16    I2S0_SDI0    GPCLK0      I2S1_SDI0   -
    SPI1_SCLK   DPI_D17    I2S0_SDO0    GPCLK1      I2S1_SDO0   -
    SD0_CLK     DPI_D18    I2S0_SDI1    SDA3        I2S1_SDI1   -
    SD0_CMD     DPI_D19    I2S0_SDO1    SCL3        I2S1_SDO1   -
    SD0_DAT0    DPI_D20    I2S0_SDI2    -           I2S1_SDI2   SPI2_CE1
    SD0_DAT1    DPI_D21    I2S0_SDO2    MIC_CLK     I2S1_SDO2   SPI3_CE1
    SD0_DAT2    DPI_D22    I2S0_SDI3    MIC_DAT0    I2S1_SDI3   SPI5_CE1
    SD0_DAT3    DPI_D23    I2S0_SDO3    MIC_DAT1    I2S1_SDO3   SPI1_CE1`,
};

/** Functions of GPIO0, GPIO1, ... */
export function functionsOf({ columns, rows }: FunctionTable): readonly (readonly PinFunction[])[] {
  return rows
    .trim()
    .split("\n")
    .map((row) => {
      const names = row.trim().split(/\s+/);
      return columns.flatMap((alternative, column) => {
        const name = names[column];
        return name === undefined || name === "-" ? [] : [{ name, alternative }];
      });
    });
}
