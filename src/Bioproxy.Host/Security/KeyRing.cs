using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using Bioproxy.Host.Configuration;
using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Security;

/// <summary>The keys of <c>api_keys</c>. They can be exchanged while requests run.</summary>
internal sealed class KeyRing
{
    /// <summary>Longer texts are no keys.</summary>
    private const int LongestKey = 512;

    private readonly TimeProvider _time;
    private volatile FrozenDictionary<long, ApiKey[]> _keys = FrozenDictionary<long, ApiKey[]>.Empty;

    public KeyRing(ProxyOptions options, TimeProvider time)
    {
        _time = time;
        Use(options.ApiKeys);
    }

    /// <summary>There are no keys: everybody who reaches the proxy may ask.</summary>
    public bool IsOpen => _keys.Count == 0;

    /// <summary>These are the keys from now on. One that is the same as before keeps its allowances.</summary>
    public void Use(IReadOnlyList<ApiKeyOptions> keys)
    {
        var before = _keys.Values.SelectMany(static same => same).ToList();
        _keys = keys
            .Select(key => before.Find(known => IsSame(known.Options, key)) ?? new ApiKey(key, _time))
            .GroupBy(static key => IndexOf(key.Hash))
            .ToFrozenDictionary(static group => group.Key, static group => group.ToArray());
    }

    /// <summary>Finds the key that a request carries: as Bearer, as <c>x-api-key</c>, or as the password of Basic.</summary>
    /// <returns>Null when it has none that is known.</returns>
    public ClientKey? Identify(IHeaderDictionary headers) =>
        Find(CredentialHeaders.KeyIn(headers.Authorization.ToString())) ?? Find(headers[CredentialHeaders.ApiKey].ToString());

    private ClientKey? Find(string text) => Find(text.AsSpan()) is { } key ? new ClientKey(key, text) : null;

    /// <summary>
    /// Looked up by the beginning of the hash, and compared in constant time: how long that takes says nothing about a key, because nobody
    /// can choose what a guess hashes to. The number of keys does not matter.
    /// </summary>
    public ApiKey? Find(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || text.Length > LongestKey)
            return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        HashOf(text, hash);
        if (!_keys.TryGetValue(IndexOf(hash), out var candidates))
            return null;
        foreach (var candidate in candidates)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate.Hash, hash))
                return candidate;
        }

        return null;
    }

    /// <summary>The SHA-256 of a key, without leaving a copy of it anywhere.</summary>
    public static void HashOf(ReadOnlySpan<char> text, Span<byte> hash)
    {
        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(LongestKey)];
        var length = Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, LongestKey)], bytes);
        SHA256.HashData(bytes[..length], hash);
        bytes[..length].Clear();
    }

    private static long IndexOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadInt64LittleEndian(hash);

    private static bool IsSame(ApiKeyOptions known, ApiKeyOptions key) =>
        known with { Models = key.Models } == key && known.Models.SequenceEqual(key.Models, StringComparer.Ordinal);
}
