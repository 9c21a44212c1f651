using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace Bioproxy.UnitTests.Telemetry;

public sealed class ReadableConsoleFormatterTests
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
        Assert.Equal("11:02:33 info  a\\n11:02:34 error b\\r \\x1b[2J\\x9b ä€\n", Write(LogLevel.Information, "a\n11:02:34 error b\r\t\e[2J\u009b ä€"));

    [Fact]
    public void Write_Exception_IsIndentedBelow()
    {
        var inner = new InvalidOperationException("inner");
        Assert.Equal(
            "11:02:33 error failed\n    System.Exception: first\n    second\n     ---> System.InvalidOperationException: inner\n       --- End of inner exception stack trace ---\n",
            Write(LogLevel.Error, "failed", exception: new Exception("first\nsecond", inner)));
    }

    [Fact]
    public void AddReadableConsole_Registered_IsTheFormatterAndFiltersTheFramework()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddReadableConsole(LogLevel.Information));
        using var provider = services.BuildServiceProvider();
        var loggers = provider.GetRequiredService<ILoggerFactory>();

        Assert.Single(provider.GetServices<ConsoleFormatter>().OfType<ReadableConsoleFormatter>());
        Assert.Equal("bioproxy", provider.GetRequiredService<IOptions<ConsoleLoggerOptions>>().Value.FormatterName);
        Assert.True(loggers.CreateLogger("Bioproxy.Host.Slots").IsEnabled(LogLevel.Information));
        Assert.False(loggers.CreateLogger("Bioproxy.Host.Slots").IsEnabled(LogLevel.Debug));
        Assert.False(loggers.CreateLogger("Microsoft.Hosting.Lifetime").IsEnabled(LogLevel.Information));
        Assert.True(loggers.CreateLogger("Microsoft.Hosting.Lifetime").IsEnabled(LogLevel.Warning));
    }

    private static string Write(LogLevel level, string message, bool colour = false, Exception? exception = null)
    {
        var formatter = new ReadableConsoleFormatter(new FixedClock(), colour);
        var writer = new StringWriter();
        formatter.Write(new LogEntry<string>(level, "Some.Category", default, message, exception, (state, _) => state), scopeProvider: null, writer);
        return writer.ToString();
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2025, 1, 2, 11, 2, 33, TimeSpan.Zero);
    }
}
