using System.Buffers.Text;
using System.Security.Cryptography;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host;

/// <summary><c>bioproxy key new</c>: a random key, and what the configuration needs to know of it.</summary>
internal static class KeyCommand
{
    private const string AdminName = "admin";
    private const int Bytes = 32;

    public static string NewKey() => "bp-" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    public static Task<int> NewAsync(string name, CancellationToken cancellationToken) => NewAsync(name, Console.Out, cancellationToken);

    public static async Task<int> NewAsync(string name, TextWriter output, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var hash = KeyHash.OfKey(key);
        await output.WriteLineAsync($"The key, which is shown only now:\n  {key}\n".AsMemory(), cancellationToken);
        var entry = name == AdminName
            ? $"\"admin_key\": \"{hash}\""
            : $"\"api_keys\": {{ \"{name}\": {{ \"key\": \"{hash}\" }} }}";
        await output.WriteLineAsync($"For config.json:\n  {entry}".AsMemory(), cancellationToken);
        return 0;
    }
}
