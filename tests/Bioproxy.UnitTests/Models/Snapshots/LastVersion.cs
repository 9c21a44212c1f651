using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Prompts;

namespace Bioproxy.UnitTests.Models.Snapshots;

/// <summary>Files of a state folder, byte for byte as the version before the snapshot store wrote them.</summary>
internal static class LastVersion
{
    public const string Sidecar = """
        {
          "version": 1,
          "file": "bioproxy-0a1b2c-0001.bin",
          "prefix": "",
          "identity": "5e1f0c2d",
          "tokens": 900,
          "tokens_hash": "",
          "bytes": 7000,
          "created": "2024-10-04T00:00:00+00:00",
          "text_length": 1100,
          "blocks": [
            "08f3e6ef321927410d20a77d99a8b468"
          ],
          "end": "e2489604866e5091bdc79066818637d2",
          "tail_check": 1790806111,
          "domain": "ada",
          "prompt_tokens": 880,
          "turns": 3
        }
        """;

    public const string Fingerprint = """
        {
          "id": "5e1f0c2d",
          "fingerprint": "llama|b1|meta|",
          "created": "2024-10-04T00:00:00+00:00",
          "probe": {
            "13": -0.25,
            "40": -2.5
          }
        }
        """;

    /// <summary>What <see cref="Sidecar"/> describes.</summary>
    public static Snapshot Snapshot { get; } =
        new("bioproxy-0a1b2c-0001.bin", "", "5e1f0c2d", 900, "", 7000, new(2024, 10, 4, 0, 0, 0, TimeSpan.Zero), PromptChain.Of(Text))
        {
            Domain = "ada",
            PromptTokens = 880,
            Turns = 3,
        };

    /// <summary>The text it stands for.</summary>
    public static byte[] Text => [.. Enumerable.Repeat((byte)'c', 1100)];
}
