using System.Security.Cryptography;
using System.Text;

namespace Bioproxy.Host.Configuration;

/// <summary>The SHA-256 of a key, as the configuration has it. Keys are random, so that a plain hash suffices.</summary>
/// <param name="Hex">64 digits in lower case.</param>
internal sealed record KeyHash(string Hex)
{
    public const string Prefix = "sha256:";

    private const int Digits = 2 * SHA256.HashSizeInBytes;

    public static KeyHash OfKey(string key) => new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))));

    /// <returns>Null when the text is not <c>sha256:</c> with 64 hexadecimal digits.</returns>
    public static KeyHash? TryParse(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase))
            return null;
        var hex = text[Prefix.Length..].Trim();
        return hex.Length == Digits && hex.All(char.IsAsciiHexDigit) ? new KeyHash(hex.ToLowerInvariant()) : null;
    }

    public byte[] ToBytes() => Convert.FromHexString(Hex);

    public override string ToString() => $"{Prefix}{Hex}";
}
