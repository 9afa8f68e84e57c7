/*
 * Memory in place of a Raspberry Pi 4's registers, included by pigpio.c. What hardware does by itself is done here:
 * levels of GPIO, the system's clock, and the two DMA channels, whose control blocks a thread carries out. So all of
 * pigpio's own code runs as it is: software PWM and servo pulses, waves, and the samples behind notifications.
 *
 * Not done: the hardware PWM's, clock's, SPI's and UART's outputs, which stay numbers in registers.
 *
 * The file named by PIGPIOD_WIRES has two words: which of GPIO 0-31 something outside drives, and to which level.
 */

/* Where the DMA engine sees the memory of pigpio's control blocks. */
#define MOCK_BUS 0xC1000000u
#define MOCK_STEP_NANOSECONDS 500000
#define MOCK_BEHIND_MOST_MICROS 100000

static char mockMemory[16 << 20] __attribute__((aligned(4096)));
static unsigned mockMemoryUsed;
static volatile struct { uint32_t driven, levels; } mockNoWires, *mockWires = &mockNoWires;
static uint32_t mockLatches[2];
static volatile int mockRunning;
static pthread_t mockThread;

/* Microseconds, as the system timer counts them. */
static uint32_t mockTick(void)
{
   struct timespec now;

   clock_gettime(CLOCK_MONOTONIC, &now);
   return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void mockSet(int bank, uint32_t bits) { __sync_fetch_and_or(&mockLatches[bank], bits); }

static void mockClear(int bank, uint32_t bits) { __sync_fetch_and_and(&mockLatches[bank], ~bits); }

/* Splits the pins of a bank: outputs, and the levels that wires and pulls give to the others. */
static uint32_t mockOutputs(int bank, uint32_t *otherLevels)
{
   uint32_t driven = bank ? 0 : mockWires->driven, outputs = 0, pulledUp = 0;
   unsigned pin, gpio;

   for (pin = 0; pin < (bank ? 26 : 32); pin++)
   {
      gpio = bank * 32 + pin;
      if (((gpioReg[GPFSEL0 + gpio / 10] >> (gpio % 10 * 3)) & 7) == PI_OUTPUT) outputs |= 1u << pin;
      if (((gpioReg[GPPUPPDN0 + gpio / 16] >> (gpio % 16 * 2)) & 3) == 1) pulledUp |= 1u << pin;
   }
   *otherLevels = ~outputs & ((mockWires->levels & driven) | (pulledUp & ~driven));
   return outputs;
}

static uint32_t mockLevels(int bank)
{
   uint32_t otherLevels, outputs = mockOutputs(bank, &otherLevels);

   return (mockLatches[bank] & outputs) | otherLevels;
}

/* In place of the firmware's memory that DMA can reach. */
static int mockAllocate(DMAMem_t *memory, unsigned size)
{
   memory->handle = 0;
   memory->size = size;
   memory->bus_addr = MOCK_BUS + mockMemoryUsed;
   memory->virtual_addr = (uintptr_t *)(mockMemory + mockMemoryUsed);
   mockMemoryUsed += size;
   return mockMemoryUsed <= sizeof(mockMemory);
}

static uint32_t *mockAt(uint32_t bus)
{
   return bus - MOCK_BUS < sizeof(mockMemory) ? (uint32_t *)(mockMemory + (bus - MOCK_BUS)) : NULL;
}

#define MOCK_REGISTER(base, number) ((((base) & 0x00ffffff) | PI_PERI_BUS) + (number) * 4)

static void mockCopy(const rawCbs_t *block, uint32_t tick, uint32_t outputs, uint32_t otherLevels)
{
   int twoDimensional = block->info & DMA_TDMODE;
   unsigned row, rows = twoDimensional ? block->length >> 16 : 1;

   for (row = 0; row < rows; row++)
   {
      uint32_t src = block->src + (twoDimensional ? row * (block->stride & 0xffff) : 0);
      uint32_t dst = block->dst + (twoDimensional ? row * (block->stride >> 16) : 0);
      uint32_t value = 0;

      if (mockAt(src)) value = *mockAt(src);
      else if (src == MOCK_REGISTER(GPIO_BASE, GPLEV0)) value = (mockLatches[0] & outputs) | otherLevels;
      else if (src == MOCK_REGISTER(SYST_BASE, SYST_CLO)) value = tick;

      if (mockAt(dst)) *mockAt(dst) = value;
      else if (dst == MOCK_REGISTER(GPIO_BASE, GPSET0)) mockSet(0, value);
      else if (dst == MOCK_REGISTER(GPIO_BASE, GPCLR0)) mockClear(0, value);
   }
}

/* Carries out a channel's control blocks up to a time; a block that feeds a paced peripheral takes time. */
static void mockRunChannel(volatile uint32_t *channel, uint32_t *tick, uint32_t until, unsigned wordMicros)
{
   uint32_t otherLevels, outputs = mockOutputs(0, &otherLevels);
   uint32_t address;

   while ((int32_t)(until - *tick) > 0 && (address = channel[DMA_CONBLK_AD]) != 0)
   {
      const rawCbs_t *block = (const rawCbs_t *)mockAt(address);

      if (!block) return;
      if (block->info & DMA_DEST_DREQ) *tick += block->length / 4 * wordMicros;
      else if (!(block->info & DMA_DEST_IGNORE)) mockCopy(block, *tick, outputs, otherLevels);
      /* Unless pigpio has stopped the channel, or started it elsewhere, in the meantime. */
      __sync_bool_compare_and_swap(&channel[DMA_CONBLK_AD], address, block->next);
   }
   if (!channel[DMA_CONBLK_AD]) *tick = until;
}

static void *mockEngine(void *unused)
{
   const struct timespec step = { .tv_nsec = MOCK_STEP_NANOSECONDS };
   uint32_t inTick = mockTick(), outTick = inTick, now;

   while (mockRunning)
   {
      now = mockTick();
      /* Where the machine had no time for this thread, time passes without samples. */
      if (now - inTick > MOCK_BEHIND_MOST_MICROS) inTick = now - MOCK_BEHIND_MOST_MICROS;
      if (now - outTick > MOCK_BEHIND_MOST_MICROS) outTick = now - MOCK_BEHIND_MOST_MICROS;
      mockRunChannel(dmaOut, &outTick, now, PI_WF_MICROS);
      mockRunChannel(dmaIn, &inTick, now, gpioCfg.clockMicros);
      nanosleep(&step, NULL);
   }
   return unused;
}

static int mockStart(void)
{
   const char *wires = getenv("PIGPIOD_WIRES");
   int file;

   if (wires)
   {
      file = open(wires, O_RDONLY);
      mockWires = mmap(0, sizeof(*mockWires), PROT_READ, MAP_SHARED, file, 0);
      if (mockWires == MAP_FAILED) return -1;
   }
   mockRunning = 1;
   return pthread_create(&mockThread, NULL, mockEngine, NULL);
}

static void mockStop(void)
{
   if (!mockRunning) return;
   mockRunning = 0;
   pthread_join(mockThread, NULL);
}
