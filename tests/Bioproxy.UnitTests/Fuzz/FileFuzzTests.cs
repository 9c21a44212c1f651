using System.Text;
using System.Text.Json;
using Bioproxy.Doubles;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.UnitTests.Configuration;

namespace Bioproxy.UnitTests.Fuzz;

/// <summary>Files that somebody wrote or a crash damaged: each is used or refused with words.</summary>
public sealed class FileFuzzTests
{
    private static readonly string[] SidecarNames =
        ["\"version\":1", "\"file\":", "\"blocks\":[", "\"end\":", "\"tokens\":", "\"text_length\":", "\"turns\":", "\"../up\"",
            "\"0011\""];

    [Fact]
    public void Sidecars_Mutated_AreReadOrRefused()
    {
        var hash = new string('a', 32);
        var sidecar = new SnapshotSidecar
        {
            File = "bioproxy-1234-0001.bin",
            Prefix = "@code",
            Fingerprint = "f",
            Tokens = 100,
            TokensHash = "t",
            Bytes = 5000,
            Created = DateTimeOffset.UnixEpoch,
            TextLength = 3000,
            Blocks = [.. Enumerable.Repeat(hash, 3000 / Host.Prompts.PromptChain.BlockSize)],
            End = hash,
            TailCheck = 7,
            Domain = "d",
            PromptTokens = 90,
            Turns = 2,
        };
        var seed = JsonSerializer.SerializeToUtf8Bytes(sidecar, StateJson.Default.SnapshotSidecar);
        var used = 0;
        FuzzRun.Bytes([seed], SidecarNames, bytes =>
        {
            try
            {
                var snapshot = SnapshotSidecar.Read(new MemoryStream(bytes)).ToSnapshot("place");
                Assert.True(snapshot.Tokens > 0);
                Assert.NotNull(snapshot.File);
                Assert.NotNull(snapshot.Trigger);
                Assert.NotNull(snapshot.Fingerprint);
                Assert.NotNull(snapshot.TokensHash);
                Assert.DoesNotContain(Path.DirectorySeparatorChar, snapshot.File);
                used++;
            }
            catch (Exception e) when (e is JsonException or FormatException)
            {
                Assert.NotEmpty(e.Message);
            }
        });
        Assert.InRange(used, FuzzRun.Count / 20, FuzzRun.Count);
    }

    [Fact]
    public void Configurations_Mutated_AreUsedOrRefusedWithTheKey()
    {
        using var folder = new ConfigurationFolder();
        folder.Write("templates/code.txt", "<<message>>");
        var example = File.ReadAllText(Path.Combine(RepositoryFolder.Root!, "config.example.json"));
        string[] seeds =
        [
            example,
            """{ "backend_url": "http://localhost:8081", "prefixes": { "@code": "templates/code.txt" }, "kv": { "enabled": true } }""",
            """{ "pool": { "models": { "a": { "command": "llama-server -m 'a b.gguf' --port ${port}", "aliases": ["x"] } }, """
                + """ "max_loaded": 1 } }""",
            """{ "backends": { "one": { "url": "http://a:1", "kind": "llama-swap" }, "two": { "url": "unix:/run/x" } }, """
                + """ "models": { "m": {} } }""",
            """{ "api_keys": { "me": { "key": "sha256:00", "lane": "batch" } }, "tls": { "certificate": "c.pem" }, "lanes": {}, """
                + """ "limits": {} }""",
            """{ "plugins": { "Bioproxy.Rag": { "x": 1 } }, "agents": ["rag"], "trusted_proxies": ["10.0.0.0/8"], """
                + """ "log_level": "debug" }""",
        ];
        string[] names =
        [
            "\"proxy_port\": ", "\"prefixes\": ", "\"kv\": ", "\"pool\": ", "\"backends\": ", "\"api_keys\": ", "\"models\": ",
            "// x\n", "/*", "*/", "~", "~/",
            "http://", "unix:", "${port}", "${slots}", "${x}", "'", "1.5", "GiB", "-", ".", "..", "\"*\"",
        ];
        FuzzRun.Text(seeds, names, text =>
        {
            var result = folder.Load(text);
            if (result.IsValid)
                Assert.NotNull(result.Options);
            else
                Assert.All(result.Errors, error => Assert.NotEmpty(error.ToString()));
        }, share: 4);
    }
}
