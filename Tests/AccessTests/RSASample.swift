import EventSourcing

/// A key of 2048 bits that was made for these tests and is used nowhere else.
enum RSASample {
    static let jwk: JSON = [
        "kty": "RSA", "kid": "r", "use": "sig", "alg": "RS256", "e": "AQAB",
        "n":
            "kgMvrFU9gOOfM5PRiiAvZBPUeqMgd3HbFUznTkRX9qYBJDbG7LG3BIGLxKgA_y1zGj8vEeUgZpEigSup8DN7xxjs_w2u_lR2j7DhThz7FRCiT7V08amKYSX5MQG8cFATMPPJIDk3ZF5uzsmZ7QXHRW6b6_mod9DYzG7zwfKCJGm5hKjUCpQTyeLCZyt6uC7MUtkTXA-QdeWl8F0MydId5QANJbwgCHtqqUxRK-MevEhV9Ed1IzOWayh9P7xxZSRKgMAZ__oNEJ10KJF7JCkSibno-xgJcx9gH_ukdB9-KT94JuiE9RaZFzI1klNkA5JBZPXCUJgJ81Lwu_lhLf9cLQ",
    ]

    static let publicKey = """
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkgMvrFU9gOOfM5PRiiAv
        ZBPUeqMgd3HbFUznTkRX9qYBJDbG7LG3BIGLxKgA/y1zGj8vEeUgZpEigSup8DN7
        xxjs/w2u/lR2j7DhThz7FRCiT7V08amKYSX5MQG8cFATMPPJIDk3ZF5uzsmZ7QXH
        RW6b6/mod9DYzG7zwfKCJGm5hKjUCpQTyeLCZyt6uC7MUtkTXA+QdeWl8F0MydId
        5QANJbwgCHtqqUxRK+MevEhV9Ed1IzOWayh9P7xxZSRKgMAZ//oNEJ10KJF7JCkS
        ibno+xgJcx9gH/ukdB9+KT94JuiE9RaZFzI1klNkA5JBZPXCUJgJ81Lwu/lhLf9c
        LQIDAQAB
        -----END PUBLIC KEY-----
        """

    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQCSAy+sVT2A458z
        k9GKIC9kE9R6oyB3cdsVTOdORFf2pgEkNsbssbcEgYvEqAD/LXMaPy8R5SBmkSKB
        K6nwM3vHGOz/Da7+VHaPsOFOHPsVEKJPtXTxqYphJfkxAbxwUBMw88kgOTdkXm7O
        yZntBcdFbpvr+ah30NjMbvPB8oIkabmEqNQKlBPJ4sJnK3q4LsxS2RNcD5B15aXw
        XQzJ0h3lAA0lvCAIe2qpTFEr4x68SFX0R3UjM5ZrKH0/vHFlJEqAwBn/+g0QnXQo
        kXskKRKJuej7GAlzH2Af+6R0H34pP3gm6IT1FpkXMjWSU2QDkkFk9cJQmAnzUvC7
        +WEt/1wtAgMBAAECggEADcCwvgB+CASoi0ZKL204+X9Sp/BzJOemSoXRUue7X0x4
        gWLgGWLjHvtdYPsFXlj3ZUqmkils2Vb56IURKcI3pOOd+FIKIFjFSA3RfYww7BAt
        MZPLqDLKCWd3EVzH/84oWJfbDabF/GABUNyKm9l2UP206vo7b3mjifHjZ2pXmWVF
        c7rya446CzyoaNQBdmzm4x93IxlmD32pOVDMjp8sqyrHEJK9fEWG2yt7zy4P2i0u
        HrawxgEDFTGeyBMRm1Zw0EYy6YKyL+7/h8wOK5cf826ssi8iiS+g0zTrHeEjkz8G
        eEumiilI9oJ8zT+vpaw/dsn+zyon0pv2J365MLEKwwKBgQDJkVvdnlrfDnVYgXuX
        Lkl1jm8BvCEUe4IPwi55b38LkV2xx/10mAR5gz0Zo8Fgp7ccmXEPv1G5whgQzXY3
        ZptJcFXt1ZipYITvi74AziwPEm5nwToo4fkU2ZxKDGNHsj+zAwnQHS0j/TRydWEg
        jeC22NwlJCJZnSmxnZiotcxb+wKBgQC5cTbE0K7yqWnK6GZsQQyGIlrIU77262wX
        5F/kITxMXdFc3YkAn1WdKN2OFYPtHRMaKI98fvAXFgJ7reWG5rGVzvpupLmyJ44i
        XCkjxVJVaZHEVWsGbLBY218VgDpIYOzGGfXFjrpcW69d+UReX8CTeBkwMTzE2q/j
        cIn8B/BH9wKBgCdjv4cMdgeW5LmZ/BPsGLDfV7QIFpLRG/aGZNyYPER/cMbYJSCO
        wHkae2syRAzmWXM+TQjdw1PAqUFHVW24IGp2iGRE1GNtGC1Tqpqvr452dJrT+NCa
        cDlx2QfjaddN7wLFejpwKS0aQxCG/acF8r7onASqDghjHQ23lWiKtlfXAoGAVChL
        ALrsCnhT6J/bi5lhw6XnqS5IZeqlXZpo4jErGkUhdJGdUUj+I5qeIZMmEf+14ZMy
        uv8omnGEovhiR/x970zFXl0nYPCOko1cpj0whk6otn9FWN8OkOTNnAZbbOl/ys+R
        OBzz+mIpje5H1sSBsus4EyTlPTk5xXAXTueTZjUCgYBaYmLcV28MIU1k2umVeKAr
        TFKQwcw5ZhvXr1zPNUSUEo0MPTO327pHWqEPYA4aRJwuWvsuQA9HbYsszzb5Ew/M
        hnlEQSPBFW+Yv4QuW8S3pJDWR4/WIxAplqmkYniZU+22JImhsSn9/jo4uR8qTmGr
        aNkkPBO1EM0TAcigJVZ/EA==
        -----END PRIVATE KEY-----
        """
}
