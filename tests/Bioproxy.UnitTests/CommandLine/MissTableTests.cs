using System.Text.Json;
using Bioproxy.Host.CommandLine;

namespace Bioproxy.UnitTests.CommandLine;

public sealed class MissTableTests
{
    private const string Answer = """
        {"misses":3,"lost_tokens":12345,"lost_seconds":24.69,
         "clients":[{"client":"qwen","key":null,"misses":3,"lost_tokens":12345,"lost_seconds":24.69,
          "causes":[{"cause":"current_date","rule":"current_date","misses":2,"lost_tokens":12000,"lost_seconds":24},
           {"cause":"state_lost","rule":null,"misses":1,"lost_tokens":345,"lost_seconds":0.69}]}],
         "last":[{"request":"r-2","client":"qwen","cause":"current_date","where":"message 1 (system), its text, line 4",
           "excerpt":"29,\n2026","lost_tokens":6000,"lost_seconds":12},
          {"request":"r-1","client":"qwen","cause":"state_lost","where":"nowhere","lost_tokens":345,"lost_seconds":0.69}]}
        """;

    [Fact]
    public void Report_Misses_AreSummedUpAndListed() => Assert.Equal(
        [
            "client  key  cause         mended by     misses  tokens  seconds",
            "qwen    -    current_date  current_date       2  12,000     24.0",
            "qwen    -    state_lost    -                  1     345      0.7",
            "3 misses, 12,345 tokens, 24.7 s",
            "",
            "request  client  cause         first difference                                tokens  seconds",
            "r-2      qwen    current_date  message 1 (system), its text, line 4: 29, 2026   6,000     12.0",
        ],
        Printed.Lines(MissTable.Report(Json(Answer), last: 1)));

    [Fact]
    public void Report_ListOfNone_IsTheSums() => Assert.Equal(4, Printed.Lines(MissTable.Report(Json(Answer), last: 0)).Length);

    [Fact]
    public void Report_NoMisses_SaysSo() => Assert.Equal(
        ["No misses since the proxy started."],
        Printed.Lines(MissTable.Report(Json("""{"misses":0,"lost_tokens":0,"lost_seconds":0,"clients":[],"last":[]}"""), last: 10)));

    private static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
