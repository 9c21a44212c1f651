using Bioproxy.Abstractions;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Transforms;
using Bioproxy.PrefixExpander;
using Bioproxy.UnitTests.Plugins;
using Bioproxy.UnitTests.PrefixExpander;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.UnitTests.Fuzz;

/// <summary>What people type: slash commands, templates, headers.</summary>
public sealed class TextFuzzTests
{
    private static readonly ProxyOptions Options = new()
    {
        BaseDirectory = "/",
        StateDirectory = "/",
        BatchApiKeys = ["nightly"],
        KvDomainHeader = "X-User",
        TrustedProxies = [System.Net.IPNetwork.Parse("10.0.0.0/8")],
    };

    private static readonly string[] Headers =
    [
        "X-Bioproxy-Lane", "X-Bioproxy-Conversation", "Authorization", "X-Api-Key", "X-User", "X-Forwarded-For",
        "X-Claude-Code-Session-Id",
        "X-Claude-Code-Agent-Id", "session_id", "x-openai-subagent", "User-Agent",
    ];

    [Fact]
    public void SlashCommands_AnyText_LosesKnownCommandsOnly()
    {
        var plugins = TestPlugin.Set(new TestPlugin().Transform("rag", 0, "rag").Handler("parallel", 0, "parallel"));
        FuzzRun.Text(["/rag /parallel How?", "/rag\n/rag x", "/unknown /rag", " /rag", "/"], ["/rag", "/parallel", "/", "/rag "], text =>
        {
            var context = Prompts.User(text);
            var hasAny = SlashCommands.Take(context, plugins);
            var message = context.Messages[0];

            Assert.Equal(hasAny, message.Commands.Count > 0);
            Assert.EndsWith(message.Parts[0].Text!, text, StringComparison.Ordinal);
            Assert.All(message.Commands, command => Assert.Contains(command, new[] { "rag", "parallel" }));
            _ = SlashCommands.TransformsOf(context, plugins);
            _ = SlashCommands.HandlersOf(context, plugins);
        });
    }

    [Fact]
    public void AngleTemplates_AnyText_IsRenderedOrRefusedAndNeverScannedAgain()
    {
        const string Message = "<<message>> \\<< <<a.txt>>";
        var engine = new AngleTemplateEngine();
        FuzzRun.Text(
            ["Be brief.\n<<message>>", "<<a.txt>> \\<<x <{message}>", "cout << x >> <<message>>", "<<message>>"],
            ["<<", ">>", "<{", "}>", "<<message>>", "<{message}>", "<<a.txt>>", "\\<<", "\\", "message"],
            text =>
            {
                try
                {
                    var template = engine.Parse(new MemoryTemplateSource(text, ("a.txt", "<<message>>")));

                    Assert.Contains(Message, template.Render(new TemplateVariables(Message)), StringComparison.Ordinal);
                }
                catch (TemplateException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            });
    }

    [Fact]
    public void Headers_AnyValue_SaysWhoAsksOrIsRefused()
    {
        var at = 0;
        var body = PromptBody.Read("""{"messages":[],"user":"u","metadata":{"session_id":"s"}}"""u8.ToArray(), PromptEndpoint.Chat);
        var address = System.Net.IPAddress.Parse("10.0.0.1");
        FuzzRun.Text(
            ["batch", "interactive", "Bearer secret", "Basic dXNlcjpwYXNz", "10.1.2.3, unknown, ::1", "chat-1", "opencode/1.2 (x)", ""],
            ["Bearer ", "Basic ", ", ", "::ffff:10.0.0.1", "[::1]:80", "127.0.0.1", "/", "(", "false", new string('x', 300)],
            text =>
            {
                var headers = new HeaderDictionary { [Headers[at++ % Headers.Length]] = text, [Headers[(at * 7) % Headers.Length]] = text };
                var caller = Caller.Of(headers, address, body, Options);

                Assert.True(caller.Lane is null or PromptLane.Interactive or PromptLane.Batch);
                Assert.True(caller.Session is null || caller.SessionSource is not null);
                Assert.True(caller.Domain is null || caller.Domain.All(char.IsAsciiHexDigitLower));
                Assert.InRange(ClientName.Of(text).Length, 1, 40);
            });
    }
}
