using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Security;

/// <summary>
/// The sessions of browsers that sent the admin key once. A session is a time and a signature, so that none has to be stored; it ends with
/// the process, and when the key changes.
/// </summary>
internal sealed class AdminSessions(TimeProvider time)
{
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(12);

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>The value of a new session's cookie.</summary>
    public string Begin(KeyHash key)
    {
        var end = (time.GetUtcNow() + Lasts).ToUnixTimeSeconds();
        return string.Create(CultureInfo.InvariantCulture, $"{end}.{Base64Url.EncodeToString(Sign(end, key))}");
    }

    /// <summary>Whether this is the cookie of a session that has begun with this key and has not ended.</summary>
    public bool IsValid(string? cookie, KeyHash key)
    {
        var dot = cookie?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !long.TryParse(cookie.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var end)
            || end <= time.GetUtcNow().ToUnixTimeSeconds())
            return false;
        var signature = Encoding.UTF8.GetBytes(cookie![(dot + 1)..]);
        return CryptographicOperations.FixedTimeEquals(signature, Encoding.UTF8.GetBytes(Base64Url.EncodeToString(Sign(end, key))));
    }

    private byte[] Sign(long end, KeyHash key) =>
        HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{end}.{key.Hex}")));
}
