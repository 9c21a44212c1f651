using System.Text.Json.Nodes;

namespace Bioproxy.IntegrationTests.Clients;

/// <summary>Sessions of agents that do not exist, with the shape of those that do: a long system text and tools that never change, short
/// questions, a tool call.</summary>
internal static class InventedSessions
{
    public const string Chat = "chat";
    public const string Messages = "messages";
    public const string Responses = "responses";

    public static IReadOnlyList<RecordedRequest> Of(string protocol) =>
    [
        Request(protocol, "S1 turn 1", 1, turns: 1),
        Request(protocol, "S1 turn 2", 1, turns: 2),
        Request(protocol, "S2 new session", 2, turns: 1),
        Request(protocol, "S3 new session, after llama-server restart", 3, turns: 1),
        Request(protocol, "S4 new session, after Bioproxy restart", 4, turns: 1),
        Request(protocol, "S4 turn 2", 4, turns: 2),
        Request(protocol, "last session continued, after restart of everything", 4, turns: 3),
        Request(protocol, "S5 new session, after restart of everything", 5, turns: 1),
    ];

    /// <summary>Programs that share nothing.</summary>
    private static string SystemOf(string protocol) => TemplateText.Words(seed: 70 + protocol.Length, 2500);

    private static RecordedRequest Request(string protocol, string note, int session, int turns)
    {
        var conversation = new JsonArray();
        for (var turn = 0; turn < turns; turn++)
        {
            if (turn > 0)
                conversation.Add(Message(protocol, "assistant", TemplateText.Words(seed: (session * 100) + turn, 20)));
            conversation.Add(Message(protocol, "user", TemplateText.Words(seed: (session * 100) + 50 + turn, 12)));
        }

        return protocol switch
        {
            Messages => new("/v1/messages", Named("x-claude-code-session-id", session), new JsonObject
            {
                ["model"] = "local",
                ["max_tokens"] = 100,
                ["stream"] = true,
                ["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = SystemOf(protocol) }),
                ["tools"] = new JsonArray([.. Names.Select(name => new JsonObject
                {
                    ["name"] = name,
                    ["description"] = TemplateText.Words(seed: name.Length, 15),
                    ["input_schema"] = Schema(),
                })]),
                ["messages"] = conversation,
            }, note),
            Responses => new("/v1/responses", Named("session-id", session), new JsonObject
            {
                ["model"] = "local",
                ["stream"] = true,
                ["instructions"] = SystemOf(protocol),
                ["tools"] = new JsonArray([.. Names.Select(name => new JsonObject
                {
                    ["type"] = "function",
                    ["name"] = name,
                    ["description"] = TemplateText.Words(seed: name.Length, 15),
                    ["parameters"] = Schema(),
                })]),
                ["input"] = conversation,
            }, note),
            _ => new("/v1/chat/completions", Named("x-session-id", session), new JsonObject
            {
                ["model"] = "local",
                ["stream"] = true,
                ["stream_options"] = new JsonObject { ["include_usage"] = true },
                ["messages"] = new JsonArray(
                    [Message(protocol, "system", SystemOf(protocol)), .. conversation.Select(one => one!.DeepClone())]),
                ["tools"] = new JsonArray([.. Names.Select(name => new JsonObject
                {
                    ["type"] = "function",
                    ["function"] = new JsonObject
                    {
                        ["name"] = name,
                        ["description"] = TemplateText.Words(seed: name.Length, 15),
                        ["parameters"] = Schema(),
                    },
                })]),
            }, note),
        };
    }

    private static readonly string[] Names = ["read_file", "write_file", "run_command"];

    private static Dictionary<string, string> Named(string header, int session) =>
        new(StringComparer.Ordinal) { [header] = $"{header}-{session}" };

    private static JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["path"] = new JsonObject { ["type"] = "string" } },
        ["required"] = new JsonArray("path"),
    };

    private static JsonObject Message(string protocol, string role, string text) => protocol switch
    {
        Messages => new() { ["role"] = role, ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) },
        Responses => new()
        {
            ["type"] = "message",
            ["role"] = role,
            ["content"] = new JsonArray(
                new JsonObject { ["type"] = role == "assistant" ? "output_text" : "input_text", ["text"] = text }),
        },
        _ => new() { ["role"] = role, ["content"] = text },
    };
}
