using System.IO.Enumeration;
using Bioproxy.Host.Configuration;

namespace Bioproxy.Host.Security;

/// <summary>A key that clients use, and what is left of its allowances.</summary>
internal sealed class ApiKey
{
    private readonly byte[] _hash;
    private readonly Allowance? _requests;
    private readonly Allowance? _tokens;

    public ApiKey(ApiKeyOptions options, TimeProvider time)
    {
        Options = options;
        _hash = options.Hash.ToBytes();
        _requests = options.RequestsPerMinute is { } requests ? new Allowance(requests, time) : null;
        _tokens = options.TokensPerMinute is { } tokens ? new Allowance(tokens, time) : null;

        // No header can contain a line break: nobody gets into this domain by a key of that name.
        Scope = ScopeOf(options.Name);
    }

    public ApiKeyOptions Options { get; }

    public string Name => Options.Name;

    public ReadOnlySpan<byte> Hash => _hash;

    /// <summary>Stands for the key where callers are told apart: a key that is replaced under its name keeps what belongs to it.</summary>
    public string Scope { get; }

    public static string ScopeOf(string name) => $"\n{name}";

    /// <summary>Counts a request.</summary>
    /// <returns>Null when it may go on; otherwise which limit is reached, and when a retry makes sense.</returns>
    public (string Limit, TimeSpan Wait)? Admit() =>
        _tokens?.Take(0) is { } forTokens ? ("tokens_per_minute", forTokens)
        : _requests?.Take(1) is { } forRequests ? ("requests_per_minute", forRequests)
        : null;

    /// <summary>Counts the tokens of a request that has ended.</summary>
    public void Spend(long tokens) => _tokens?.Spend(tokens);

    /// <summary>Whether it may use the model that any of these names stands for.</summary>
    public bool Allows(string? asked, string? served)
    {
        var models = Options.Models;
        if (models.Count == 0)
            return true;
        for (var i = 0; i < models.Count; i++)
        {
            if (Matches(models[i], asked) || Matches(models[i], served))
                return true;
        }

        return false;
    }

    private static bool Matches(string pattern, string? name) =>
        name is not null && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
