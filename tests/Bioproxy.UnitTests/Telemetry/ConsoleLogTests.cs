using System.Text;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class ConsoleLogTests
{
    [Theory]
    [InlineData(LogLevel.Trace, "11:02:33 trace message\n")]
    [InlineData(LogLevel.Debug, "11:02:33 debug message\n")]
    [InlineData(LogLevel.Information, "11:02:33 info  message\n")]
    [InlineData(LogLevel.Warning, "11:02:33 warn  message\n")]
    [InlineData(LogLevel.Error, "11:02:33 error message\n")]
    [InlineData(LogLevel.Critical, "11:02:33 fatal message\n")]
    public void Write_Event_IsOneLine(LogLevel level, string expected) => Assert.Equal(expected, Write(level, "message"));

    [Fact]
    public void Write_Colour_OnlyTheLevelIsColoured() =>
        Assert.Equal("11:02:33 \e[33mwarn \e[0m message\n", Write(LogLevel.Warning, "message", colour: true));

    [Fact]
    public void Write_ControlCharacters_CannotFakeAnEventOrSteerTheTerminal() =>
        Assert.Equal(
            "11:02:33 info  a\\n11:02:34 error b\\r \\x1b[2J\\x9b ä€\n",
            Write(LogLevel.Information, "a\n11:02:34 error b\r\t\e[2J\u009b ä€"));

    [Fact]
    public void Write_Exception_IsIndentedBelow()
    {
        var inner = new InvalidOperationException("inner");
        Assert.Equal(
            "11:02:33 error failed\n    System.Exception: first\n    second\n"
            + "     ---> System.InvalidOperationException: inner\n       --- End of inner exception stack trace ---\n",
            Write(LogLevel.Error, "failed", exception: new Exception("first\nsecond", inner)));
    }

    [Fact]
    public void Write_ManyThreads_EveryLineIsWhole()
    {
        using var output = new MemoryStream();
        using (var console = new ConsoleLog(output, new FixedClock(), new TextLine(hasColour: false)))
        {
            var logger = console.CreateLogger("Some.Category");
            Parallel.For(0, 8, thread =>
            {
                for (var i = 0; i < 1000; i++)
                    Log(logger, LogLevel.Information, $"{thread}-{i}");
            });
        }

        var lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var expected = Enumerable.Range(0, 8)
            .SelectMany(thread => Enumerable.Range(0, 1000).Select(i => $"11:02:33 info  {thread}-{i}"));
        Assert.Equal(expected.Order(), lines.Order());
    }

    [Fact]
    public async Task Write_OutputIsNotRead_CallersContinueAndDroppedLinesAreCounted()
    {
        using var output = new StuckStream();
        using var console = new ConsoleLog(output, new FixedClock(), new TextLine(hasColour: false));
        var logger = console.CreateLogger("Some.Category");
        Log(logger, LogLevel.Error, "first");
        await output.Reached.WaitAsync(TimeSpan.FromSeconds(30));
        var line = new string('x', 100_000);
        for (var i = 0; i < 50; i++)
            Log(logger, LogLevel.Information, line);

        output.Release();
        console.Dispose();

        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.Equal(21, text.Split(line).Length - 1); // 2 MB
        Assert.EndsWith("11:02:33 warn  29 log lines were dropped because the output was not read.\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AddConsoleLog_Registered_IsTheOnlyProviderAndFiltersTheFramework()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddConsoleLog(new LogLevelSwitch(LogLevel.Information), isJson: false));
        using var provider = services.BuildServiceProvider();
        var loggers = provider.GetRequiredService<ILoggerFactory>();

        Assert.IsType<ConsoleLog>(Assert.Single(provider.GetServices<ILoggerProvider>()));
        Assert.True(loggers.CreateLogger("Bioproxy.Host.Models.Slots").IsEnabled(LogLevel.Information));
        Assert.False(loggers.CreateLogger("Bioproxy.Host.Models.Slots").IsEnabled(LogLevel.Debug));
        Assert.False(loggers.CreateLogger("Microsoft.Hosting.Lifetime").IsEnabled(LogLevel.Information));
        Assert.True(loggers.CreateLogger("Microsoft.Hosting.Lifetime").IsEnabled(LogLevel.Warning));
    }

    private static string Write(LogLevel level, string message, bool colour = false, Exception? exception = null)
    {
        using var output = new MemoryStream();
        using (var console = new ConsoleLog(output, new FixedClock(), new TextLine(colour)))
            Log(console.CreateLogger("Some.Category"), level, message, exception);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static void Log(ILogger logger, LogLevel level, string message, Exception? exception = null) =>
        logger.Log(level, default, message, exception, static (state, _) => state);

    /// <summary>A pipe whose reader stands still until it is released.</summary>
    private sealed class StuckStream : MemoryStream
    {
        private readonly ManualResetEventSlim _release = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Release() => _release.Set();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            _reached.TrySetResult();
            _release.Wait();
            base.Write(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            _release.Dispose();
            base.Dispose(disposing);
        }
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 1, 2, 11, 2, 33, TimeSpan.Zero);
    }
}
