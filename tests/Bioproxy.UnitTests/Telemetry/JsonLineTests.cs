using System.Text;
using System.Text.Json;
using Bioproxy.Host.Telemetry;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Telemetry;

public sealed partial class JsonLineTests
{
    [Fact]
    public void Log_MessageWithPlaceholders_IsOneObjectWithTheirValues() => Assert.Equal(
        """{"timestamp":"2025-01-02T10:02:33+00:00","level":"warning","category":"Some.Category","event_id":7,"event":"LogWaited","""
        + """
        "message":"@code waited 1.5 s for 3 tokens","fields":{"Prefix":"@code","Seconds":1.5,"Tokens":3}}

        """,
        Written(logger => LogWaited(logger, "@code", 1.5, 3)));

    [Fact]
    public void Log_PlainMessage_HasNoFields() => Assert.Equal(
        """{"timestamp":"2025-01-02T10:02:33+00:00","level":"information","category":"Some.Category","message":"hello"}""" + "\n",
        Written(logger => logger.Log(LogLevel.Information, default, "hello", null, static (state, _) => state)));

    [Fact]
    public void Log_ControlCharactersAndLineFeeds_StayOnOneLine()
    {
        var line = Written(logger => logger.Log(LogLevel.Information, default, "a\n\e[2J\u009b\"ä€", null, static (state, _) => state));

        Assert.Equal(line.Length - 1, line.IndexOf('\n', StringComparison.Ordinal));
        Assert.DoesNotContain(line[..^1], char.IsControl);
        Assert.Equal("a\n\e[2J\u009b\"ä€", Parsed(line).GetProperty("message").GetString());
    }

    [Fact]
    public void Log_Exception_IsAField()
    {
        var failure = new InvalidOperationException("first\nsecond");
        var line = Written(logger => logger.Log(LogLevel.Error, default, "failed", failure, static (state, _) => state));

        Assert.Equal("System.InvalidOperationException: first\nsecond", Parsed(line).GetProperty("exception").GetString());
    }

    [Fact]
    public void Log_ValuesThatAreNotJson_AreTexts()
    {
        var values = new Dictionary<string, object?>
        {
            ["Text"] = "t",
            ["Nothing"] = null,
            ["Flag"] = true,
            ["Long"] = 1L << 40,
            ["Infinite"] = double.PositiveInfinity,
            ["Uri"] = new Uri("http://x/"),
            ["Time"] = TimeSpan.FromSeconds(1),
        };
        var line = Written(logger => logger.Log(LogLevel.Debug, default, values.ToList(), null, static (_, _) => "m"));

        Assert.Equal(
            """{"Text":"t","Nothing":null,"Flag":true,"Long":1099511627776,"Infinite":"Infinity","Uri":"http://x/","Time":"00:00:01"}""",
            Parsed(line).GetProperty("fields").GetRawText());
    }

    [Fact]
    public void Log_AValueThatLogsItself_BothLinesAreWhole()
    {
        var lines = Written(logger => logger.Log(
            LogLevel.Information,
            default,
            new List<KeyValuePair<string, object?>> { new("Value", new Chatty(logger)) },
            null,
            static (_, _) => "outer")).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(["inner", "outer"], lines.Select(line => Parsed(line).GetProperty("message").GetString()));
    }

    [LoggerMessage(7, LogLevel.Warning, "{Prefix} waited {Seconds} s for {Tokens} tokens")]
    private static partial void LogWaited(ILogger logger, string prefix, double seconds, int tokens);

    private static string Written(Action<ILogger> log)
    {
        using var output = new MemoryStream();
        using (var console = new ConsoleLog(output, new FixedClock(), new JsonLine()))
            log(console.CreateLogger("Some.Category"));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static JsonElement Parsed(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }

    private sealed class Chatty(ILogger logger)
    {
        public override string ToString()
        {
            logger.Log(LogLevel.Information, default, "inner", null, static (state, _) => state);
            return "value";
        }
    }

    /// <summary>An hour east of Greenwich.</summary>
    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.CreateCustomTimeZone("east", TimeSpan.FromHours(1), null, null);

        public override DateTimeOffset GetUtcNow() => new(2025, 1, 2, 10, 2, 33, TimeSpan.Zero);
    }
}
