namespace Bioproxy.Redactor;

/// <summary>The patterns that <c>use</c> switches on. All run in linear time: no look-around, no back-references.</summary>
internal static class BuiltInPatterns
{
    /// <summary>Name → regular expression.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["email"] = @"[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}",

        // Vendors with recognisable keys: OpenAI and compatible ones, Stripe, GitHub, GitLab, Slack, AWS, Google, Hugging Face, npm, PyPI.
        ["api_key"] = @"\b(?:sk-[A-Za-z0-9_-]{20,}|[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|gh[pousr]_[A-Za-z0-9]{36,}" +
            @"|github_pat_[A-Za-z0-9_]{22,}" +
            @"|glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{10,}" +
            @"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}|hf_[A-Za-z0-9]{30,}" +
            "|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,})",

        ["bearer_token"] = "(?i:bearer) +(?<secret>[A-Za-z0-9._~+/=-]{16,})",

        ["jwt"] = @"\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",

        // A digit is required; otherwise "password: string" in source code would be masked.
        ["password"] = """(?i:password|passwd|passphrase)["']?\s*[:=]\s*["']?(?<secret>[^\s"',;]*[0-9][^\s"',;]*)""",

        ["url_password"] = @"://[^\s/:@]+:(?<secret>[^\s/@]+)@",

        // The whole block; where its end is missing, the header and all lines that look like key material. A line's end may be written as
        // \n.
        ["private_key"] = @"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----" +
            @"(?:[\s\S]*?-----END (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|(?:(?:\s|\\[rn])+[A-Za-z0-9+/=]{16,})+)",

        // In one piece or in groups of four, as people write it.
        ["iban"] = @"\b[A-Z]{2}[0-9]{2}(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,3})?)\b",

        ["credit_card"] = @"\b(?:[3-6][0-9]{3}(?:[ -]?[0-9]{4}){3}|3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5})\b",
    };
}
