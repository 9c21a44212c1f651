using System.Text;

namespace Bioproxy.IntegrationTests;

/// <summary>Chat bodies that are broken, or odd, in all the ways in which parsers differ. The same seed gives the same bodies.</summary>
internal sealed class BodyMutations(int seed)
{
    private static readonly string[] Texts =
    [
        "hi", "", "@code hi", "äöü 😀", "\\u0041\\n", "\\ud83d\\ude00", "\\u0000", "a\\\"b", "\\/", "\\ud800", "\u007F",
        "</s>", "x\\\\",
    ];

    private static readonly string[] Roles = ["user", "assistant", "system", "tool", "us\\u0065r", "User", "developer"];

    private static readonly string[] Values =
    [
        "1", "-0", "1e5", "1E+2", "1e999", "01", "1.", ".5", "+1", "NaN", "Infinity", "true", "True", "null", "nul", "\"x\"", "'x'", "[]",
        "{}",
        "[1,]", "{\"a\":1,}", "123456789012345678901234567890", "-", "\"\\ud800\"", "\"\\x\"", "/**/1", "[[[[]]]]",
    ];

    private static readonly byte[][] Junk =
    [
        [0xEF, 0xBB, 0xBF], [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC2, 0xA0], [0x0B], [0x0C], [0x1F],
        [(byte)' '], [(byte)'\n'], [(byte)','], [(byte)'}'], [(byte)'{'], [(byte)'"'], [(byte)'\\'], [(byte)'#'], [(byte)'/', (byte)'/'],
        [0xFE, 0xFF], [0xE2, 0x80, 0xA8],
    ];

    private readonly Random _random = new(seed);

    public byte[] Next()
    {
        var body = Encoding.UTF8.GetBytes(Body());
        for (var count = _random.Next(3); count > 0; count--)
            body = Mutated(body);
        return body;
    }

    private string Body()
    {
        var members = new List<string> { $"\"{Name("messages")}\":{Messages()}" };
        for (var count = _random.Next(3); count > 0; count--)
            members.Insert(_random.Next(members.Count + 1), Extra());
        return $"{Space()}{{{Space()}{string.Join($"{Space()},", members)}{Space()}}}{Space()}";
    }

    private string Messages() => $"[{string.Join(',', Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Message()))}]";

    private string Message()
    {
        var members = new List<string> { $"\"{Name("role")}\":\"{Pick(Roles)}\"", $"\"{Name("content")}\":{Content()}" };
        if (_random.Next(6) == 0)
            members.Insert(_random.Next(3), $"\"content\":{Content()}");
        if (_random.Next(8) == 0)
            members.Insert(_random.Next(3), $"\"role\":\"{Pick(Roles)}\"");
        if (_random.Next(8) == 0)
            members.Add($"\"name\":{Pick(Values)}");
        if (_random.Next(4) == 0)
            members.Reverse();
        return $"{{{string.Join(',', members)}}}";
    }

    private string Content() => _random.Next(6) switch
    {
        0 => $"[{{\"type\":\"text\",\"{Name("text")}\":\"{Pick(Texts)}\"}}]",
        1 => $"[{{\"text\":\"{Pick(Texts)}\",\"type\":\"image\",\"{Name("type")}\":\"text\"}},"
            + "{\"type\":\"text\",\"text\":\"x\",\"text\":\"y\"}]",
        2 when _random.Next(3) == 0 => Pick(Values),
        _ => $"\"{Pick(Texts)}\"",
    };

    private string Extra() => _random.Next(6) switch
    {
        0 => $"\"messages\":{Messages()}",
        1 => $"\"Messages\":{Messages()}",
        2 => $"\"x\":{Deep()}",
        3 => $"\"{Pick(Texts)}\":{Pick(Values)}",
        _ => $"\"{Pick(["stream", "model", "n", "id_slot", "cache_prompt", "x", ""])}\":{Pick(Values)}",
    };

    private string Deep()
    {
        var depth = 1 << _random.Next(14);
        return _random.Next(2) == 0
            ? new string('[', depth) + new string(']', depth)
            : string.Concat(Enumerable.Repeat("{\"messages\":", depth)) + "1" + new string('}', depth);
    }

    /// <summary>Any letter of a name may be escaped.</summary>
    private string Name(string name)
    {
        if (_random.Next(4) > 0)
            return name;
        var at = _random.Next(name.Length);
        return $"{name[..at]}\\u{(int)name[at]:x4}{name[(at + 1)..]}";
    }

    private string Space() => _random.Next(5) == 0 ? Pick([" ", "\r\n", "\t", "\n  "]) : "";

    private byte[] Mutated(byte[] body)
    {
        var at = _random.Next(3) switch { 0 => 0, 1 => body.Length, _ => _random.Next(body.Length + 1) };
        switch (_random.Next(5))
        {
            case 0 when body.Length > 0:
                return body[..at];
            case 1 when at < body.Length:
                return [.. body[..at], .. body[(at + 1)..]];
            case 2:
                return [.. Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body))];
            default:
                return [.. body[..at], .. Junk[_random.Next(Junk.Length)], .. body[at..]];
        }
    }

    private string Pick(string[] choices) => choices[_random.Next(choices.Length)];
}
