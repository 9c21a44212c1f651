using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Bioproxy.UnitTests.PromptTests;

/// <summary>Random chat bodies written in every way JSON allows, with what they mean beside them.</summary>
internal sealed class ChatBodies(int seed)
{
    private static readonly string[] Roles = ["system", "user", "assistant", "tool", "developer", "ü"];
    private static readonly string[] Texts =
    [
        "", "hi", "@code How?", "line\nbreak \"quoted\" \\ back", "ä€日本 😀", "\t\u0001\u2028", "[1,2]}",
        "long " + new string('x', 3000),
    ];

    private readonly Random _random = new(seed);

    /// <summary>A message as it is meant: texts are strings, other parts null.</summary>
    public sealed record Message(string Role, IReadOnlyList<string?> Parts);

    public (byte[] Body, IReadOnlyList<Message> Messages) Next()
    {
        var messages = Enumerable.Range(0, _random.Next(0, 5)).Select(_ => NextMessage()).ToList();
        var members = new List<string>();
        if (_random.Next(4) == 0)
            members.Add($"{Name("messages")}:{Space()}[{{\"role\":\"user\",\"content\":\"an earlier duplicate\"}}]"); // the last one counts
        members.Add($"{Name("messages")}{Space()}:{Space()}["
            + $"{Space()}{string.Join($"{Space()},{Space()}", messages.Select(Write))}{Space()}]");
        var others = new[]
        {
            "\"max_tokens\":12345678901234567890123",
            "\"temperature\":0.10000000000000000001",
            "\"x\":{\"messages\":[{\"role\":\"no\"}]}",
            "\"metadata\":{\"messages\":\"no\",\"deep\":[[[{}]]]}",
            "\"model\":\"m\"",
            "\"stop\":[\"a\",\"\\u0062\"]",
            "\"stream\":true",
        };
        foreach (var other in others.Where(_ => _random.Next(2) == 0))
            members.Insert(_random.Next(members.Count + 1), other);
        var last = members.FindLastIndex(m => m.Contains("an earlier duplicate", StringComparison.Ordinal));
        var real = members.FindIndex(m => IsMessages(m) && !m.Contains("an earlier duplicate", StringComparison.Ordinal));
        if (last > real)
            (members[last], members[real]) = (members[real], members[last]);
        var body = $"{Space()}{{{Space()}{string.Join($"{Space()},{Space()}", members)}{Space()}}}{Space()}";
        return (Encoding.UTF8.GetBytes(body), messages);
    }

    private static bool IsMessages(string member) =>
        JsonDocument.Parse($"{{{member}}}").RootElement.EnumerateObject().First().Name == "messages";

    private Message NextMessage() => new(
        Roles[_random.Next(Roles.Length)],
        [
            .. Enumerable.Range(0, _random.Next(3) == 0 ? _random.Next(0, 4) : 1)
                .Select(_ => _random.Next(6) == 0 ? null : Texts[_random.Next(Texts.Length)]),
        ]);

    private string Write(Message message)
    {
        var content = message.Parts is [{ } text] && _random.Next(3) > 0
            ? Text(text)
            : $"[{Space()}{string.Join($"{Space()},{Space()}", message.Parts.Select(Part))}{Space()}]";
        var members = new List<string> { $"{Name("role")}:{Space()}{Text(message.Role)}", $"{Name("content")}{Space()}:{content}" };
        if (_random.Next(4) == 0)
            members.Insert(0, "\"name\":\"n\"");
        if (_random.Next(4) == 0)
            members.Add("\"tool_calls\":[{\"id\":\"1\",\"content\":\"no\"}]");
        if (_random.Next(2) == 0)
            members.Reverse();
        return $"{{{Space()}{string.Join($"{Space()},{Space()}", members)}{Space()}}}";
    }

    private string Part(string? text)
    {
        if (text is null)
        {
            return _random.Next(2) == 0
                ? "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:,\",\"text\":\"no\"}}"
                : "{\"text\":\"no\",\"type\":\"audio\"}";
        }

        return _random.Next(2) == 0
            ? $"{{{Name("type")}:\"text\",{Name("text")}:{Text(text)}}}"
            : $"{{\"text\":{Text(text)},\"cache_control\":{{\"type\":\"x\"}},\"type\":\"te\\u0078t\"}}";
    }

    private string Name(string name) => _random.Next(6) == 0 ? Text(name, escape: 2) : $"\"{name}\"";

    private string Text(string text, int escape = 8)
    {
        var token = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c < ' ' || c is '"' or '\\' || _random.Next(escape) == 0)
                token.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                token.Append(c);
        }

        // Half a pair escaped and half not would be no JSON text any more.
        var result = token.Append('"').ToString();
        return text.Any(char.IsSurrogate) ? JsonSerializer.Serialize(text, TestJson.Default.String) : result;
    }

    private string Space() => _random.Next(5) == 0 ? " \r\n\t"[.._random.Next(1, 5)] : "";
}
